/* alpha (exp(x) - 1) for what is below 0. y may lie where x does. */
static void elu(const float *x, float *y, long count, float alpha)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i];
        y[i] = value > 0.0f ? value : alpha * expm1f(value);
    }
}
