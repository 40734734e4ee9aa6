/* x * factor + offset. y may lie where x does. */
static void affine(const float *x, float *y, long count, float factor, float offset)
{
    long i;
    for (i = 0; i < count; i++)
        y[i] = x[i] * factor + offset;
}
