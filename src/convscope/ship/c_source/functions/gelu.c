/* x times the share of a normal distribution that is below x. y may lie where x does. */
static void gelu(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i];
        y[i] = value * 0.5f * (1.0f + erff(value * 0.707106781f));
    }
}
