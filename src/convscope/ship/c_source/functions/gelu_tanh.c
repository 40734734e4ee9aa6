/* x times an approximation of the share of a normal distribution that is below x. y may lie where
   x does. */
static void gelu_tanh(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i], cube = value * value * value;
        y[i] = 0.5f * value * (1.0f + tanhf(0.797884561f * (value + 0.044715f * cube)));
    }
}
