/* The mean of each window; count_padding: the zeros beyond the border count as well. y may lie
   where x does if the window has no padding. */
static void average_pool(const float *x, float *y, const struct window *w, int count_padding)
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
                for (k = first_row; k < end_row; k++)
                    for (l = first; l < end; l++)
                        sum += x[(top + k) * w->in.width + left + l];
                *y++ = sum / (float)(count_padding ? rows * columns
                                                   : (end_row - first_row) * (end - first));
            }
        }
    }
}
