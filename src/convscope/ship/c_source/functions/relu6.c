/* Between 0 and 6. y may lie where x does. */
static void relu6(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i];
        y[i] = value < 0.0f ? 0.0f : value > 6.0f ? 6.0f : value;
    }
}
