/* (x + 3) / 6, kept between 0 and 1. y may lie where x does. */
static void hardsigmoid(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++) {
        const float up = x[i] + 3.0f;
        y[i] = up < 0.0f ? 0.0f : up > 6.0f ? 1.0f : up / 6.0f;
    }
}
