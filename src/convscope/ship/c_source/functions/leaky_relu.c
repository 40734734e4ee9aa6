/* x times slope for what is below 0. y may lie where x does. */
static void leaky_relu(const float *x, float *y, long count, float slope)
{
    long i;
    for (i = 0; i < count; i++) {
        const float value = x[i];
        y[i] = value < 0.0f ? value * slope : value;
    }
}
