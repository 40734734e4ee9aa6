/* A convolution layer (cross-correlation, the kernel is not flipped). weight: output channel,
   channel of the group, row, column. Four output channels share each number that is read. */
static void convolve(const float *x, float *y, const struct window *w, const float *weight,
                     const float *bias)
{
    const long outputs = w->out.channels / w->groups, channels = w->in.channels / w->groups;
    const long plane = w->in.height * w->in.width, out_plane = w->out.height * w->out.width;
    const long taps = w->size.y * w->size.x, kernel = channels * taps;
    long o, i, j, c, k, l, together;
    for (o = 0; o < w->out.channels; o += together) {
        const float *const of_group = x + o / outputs * channels * plane;
        together = outputs - o % outputs >= 4 ? 4 : 1;
        for (i = 0; i < w->out.height; i++) {
            const long top = i * w->stride.y - w->before.y;
            const long first_row = first_within(top, w->dilation.y);
            const long end_row = end_within(top, w->dilation.y, w->size.y, w->in.height);
            for (j = 0; j < w->out.width; j++) {
                const long left = j * w->stride.x - w->before.x;
                const long first = first_within(left, w->dilation.x);
                const long end = end_within(left, w->dilation.x, w->size.x, w->in.width);
                float *const to = y + o * out_plane + i * w->out.width + j;
                float a = bias[o], b = 0.0f, d = 0.0f, e = 0.0f;
                if (together == 4) {
                    b = bias[o + 1];
                    d = bias[o + 2];
                    e = bias[o + 3];
                }
                for (c = 0; c < channels; c++) {
                    for (k = first_row; k < end_row; k++) {
                        const float *const row =
                            of_group + c * plane + (top + k * w->dilation.y) * w->in.width;
                        const float *const tap = weight + o * kernel + c * taps + k * w->size.x;
                        if (together == 4) {
                            for (l = first; l < end; l++) {
                                const float value = row[left + l * w->dilation.x];
                                a += value * tap[l];
                                b += value * tap[l + kernel];
                                d += value * tap[l + 2 * kernel];
                                e += value * tap[l + 3 * kernel];
                            }
                        } else {
                            for (l = first; l < end; l++)
                                a += row[left + l * w->dilation.x] * tap[l];
                        }
                    }
                }
                to[0] = a;
                if (together == 4) {
                    to[out_plane] = b;
                    to[2 * out_plane] = d;
                    to[3 * out_plane] = e;
                }
            }
        }
    }
}
