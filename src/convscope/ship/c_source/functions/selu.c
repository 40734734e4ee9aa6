/* 1.0507 times x, or times 1.67326 (exp(x) - 1) for what is below 0. y may lie where x does. */
static void selu(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i];
        y[i] = 1.05070098f * (value > 0.0f ? value : 1.67326324f * expm1f(value));
    }
}
