/* A 1x1 convolution: each output channel is a weighted sum of whole channels of x. */
static void mix_channels(const float *x, float *y, long channels, long outputs, long plane,
                         const float *weight, const float *bias)
{
    long o, c, i, together;
    for (o = 0; o < outputs; o += together) {
        float *const a = y + o * plane;
        together = outputs - o >= 4 ? 4 : 1;
        for (c = 0; c < together; c++)
            for (i = 0; i < plane; i++)
                a[c * plane + i] = bias[o + c];
        for (c = 0; c < channels; c++) {
            const float *const from = x + c * plane, *const w = weight + o * channels + c;
            if (together == 4) {
                float *const b = a + plane, *const d = b + plane, *const e = d + plane;
                const float w0 = w[0], w1 = w[channels], w2 = w[2 * channels], w3 = w[3 * channels];
                for (i = 0; i < plane; i++) {
                    const float value = from[i];
                    a[i] += w0 * value;
                    b[i] += w1 * value;
                    d[i] += w2 * value;
                    e[i] += w3 * value;
                }
            } else {
                const float w0 = w[0];
                for (i = 0; i < plane; i++)
                    a[i] += w0 * from[i];
            }
        }
    }
}
