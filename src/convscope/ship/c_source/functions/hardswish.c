/* x times (x + 3) / 6, which is kept between 0 and 1. y may lie where x does. */
static void hardswish(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i], up = value + 3.0f;
        y[i] = up < 0.0f ? 0.0f : up > 6.0f ? value : value * up / 6.0f;
    }
}
