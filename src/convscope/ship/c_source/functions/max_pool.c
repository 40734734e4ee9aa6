/* The largest number in each window. y may lie where x does if the window has no padding. */
static void max_pool(const float *x, float *y, const struct window *w)
{
    long c, i, j, k, l;
    for (c = 0; c < w->in.channels; c++, x += w->in.height * w->in.width) {
        for (i = 0; i < w->out.height; i++) {
            const long top = i * w->stride.y - w->before.y;
            const long first_row = first_within(top, w->dilation.y);
            const long end_row = end_within(top, w->dilation.y, w->size.y, w->in.height);
            for (j = 0; j < w->out.width; j++) {
                const long left = j * w->stride.x - w->before.x;
                const long first = first_within(left, w->dilation.x);
                const long end = end_within(left, w->dilation.x, w->size.x, w->in.width);
                float most = -INFINITY;
                for (k = first_row; k < end_row; k++) {
                    const float *const row = x + (top + k * w->dilation.y) * w->in.width;
                    for (l = first; l < end; l++) {
                        const float value = row[left + l * w->dilation.x];
                        if (value > most || value != value) /* not a number passes on */
                            most = value;
                    }
                }
                *y++ = most;
            }
        }
    }
}
