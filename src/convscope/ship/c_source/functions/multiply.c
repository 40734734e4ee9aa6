/* y = a * b. y may lie where a or b does. */
static void multiply(const float *a, const float *b, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++)
        y[i] = a[i] * b[i];
}
