/* Means over the middle one of three axes. */
static void mean_over(const float *x, float *y, long outer, long count, long inner)
{
    long i, j, k;
    for (i = 0; i < outer; i++, y += inner, x += count * inner) {
        for (k = 0; k < inner; k++)
            y[k] = 0.0f;
        for (j = 0; j < count; j++)
            for (k = 0; k < inner; k++)
                y[k] += x[j * inner + k];
        for (k = 0; k < inner; k++)
            y[k] /= (float)count;
    }
}
