/* The p-th root of the sum of p-th powers of each window, as PyTorch has it: signs stay, and a
   window over the edge is scaled up. y may lie where x does if the window has no padding. */
static void lp_pool(const float *x, float *y, const struct window *w, float p)
{
    long c, i, j, k, l;
    for (c = 0; c < w->in.channels; c++, x += w->in.height * w->in.width) {
        for (i = 0; i < w->out.height; i++) {
            const long top = i * w->stride.y - w->before.y;
            const long first_row = first_within(top, 1);
            const long end_row = end_within(top, 1, w->size.y, w->in.height);
            const long rows = end_within(top, 1, w->size.y, w->in.height + w->after.y);
            for (j = 0; j < w->out.width; j++) {
                const long left = j * w->stride.x - w->before.x;
                const long first = first_within(left, 1);
                const long end = end_within(left, 1, w->size.x, w->in.width);
                const long columns = end_within(left, 1, w->size.x, w->in.width + w->after.x);
                float sum = 0.0f;
                for (k = first_row; k < end_row; k++) {
                    for (l = first; l < end; l++) {
                        const float value = x[(top + k) * w->in.width + left + l];
                        sum += p == 2.0f ? value * value : powf(value, p);
                    }
                }
                sum = sum / (float)(rows * columns) * (float)(w->size.y * w->size.x);
                *y++ = p == 2.0f ? sqrtf(sum) : powf(sum, 1.0f / p);
            }
        }
    }
}
