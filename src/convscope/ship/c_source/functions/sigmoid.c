/* 1 / (1 + exp(-x)). y may lie where x does. */
static void sigmoid(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++)
        y[i] = 1.0f / (1.0f + expf(-x[i]));
}
