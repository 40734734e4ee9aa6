/* x * sigmoid(x). y may lie where x does. */
static void silu(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++)
        y[i] = x[i] / (1.0f + expf(-x[i]));
}
