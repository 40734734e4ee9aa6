/* A linear layer on each row of x. weight: output, feature. Four partial sums, in a fixed order. */
static void linear(const float *x, float *y, long rows, long features, long outputs,
                   const float *weight, const float *bias)
{
    long r, o, i;
    for (r = 0; r < rows; r++, x += features) {
        const float *w = weight;
        for (o = 0; o < outputs; o++, w += features) {
            float a = 0.0f, b = 0.0f, c = 0.0f, d = 0.0f;
            for (i = 0; i < features % 4; i++)
                a += w[i] * x[i];
            for (; i < features; i += 4) {
                a += w[i] * x[i];
                b += w[i + 1] * x[i + 1];
                c += w[i + 2] * x[i + 2];
                d += w[i + 3] * x[i + 3];
            }
            *y++ = bias[o] + ((a + b) + (c + d));
        }
    }
}
