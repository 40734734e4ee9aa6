/* The mean squared difference of count numbers from their mean. */
static float variance_of(const float *x, long count, float mean)
{
    float sum = 0.0f;
    long i, j;
    for (i = 0; i < count; i += 128) {
        float part = 0.0f;
        for (j = i; j < count && j < i + 128; j++)
            part += (x[j] - mean) * (x[j] - mean);
        sum += part;
    }
    return sum / (float)count;
}
