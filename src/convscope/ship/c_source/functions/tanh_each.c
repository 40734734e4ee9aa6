/* The hyperbolic tangent. y may lie where x does. */
static void tanh_each(const float *x, float *y, long count)
{
    long i;
    for (i = 0; i < count; i++)
        y[i] = tanhf(x[i]);
}
