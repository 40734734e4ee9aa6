/* The mean of count numbers; long rows in parts, so that rounding does not add up. */
static float mean_of(const float *x, long count)
{
    float sum = 0.0f;
    long i, j;
    for (i = 0; i < count; i += 128) {
        float part = 0.0f;
        for (j = i; j < count && j < i + 128; j++)
            part += x[j];
        sum += part;
    }
    return sum / (float)count;
}
