/* x * tanh(log(1 + exp(x))). y may lie where x does. */
static void mish(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i];
        y[i] = value * tanhf(value > 20.0f ? value : log1pf(expf(value)));
    }
}
