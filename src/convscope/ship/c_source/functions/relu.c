/* 0 for what is below 0. y may lie where x does. */
static void relu(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
}
