/* Maxima of windows that share the picture out: number i of m is from floor(i n / m) to
   ceil((i + 1) n / m). y may lie where x does if out is no larger than in. */
static void adaptive_max_pool(const float *x, float *y, const struct shape *in,
                              const struct pair *out)
{
    long c, i, j, k, l;
    for (c = 0; c < in->channels; c++, x += in->height * in->width) {
        for (i = 0; i < out->y; i++) {
            const long top = i * in->height / out->y;
            const long bottom = ((i + 1) * in->height + out->y - 1) / out->y;
            for (j = 0; j < out->x; j++) {
                const long left = j * in->width / out->x;
                const long right = ((j + 1) * in->width + out->x - 1) / out->x;
                float most = -INFINITY;
                for (k = top; k < bottom; k++) {
                    for (l = left; l < right; l++) {
                        const float value = x[k * in->width + l];
                        if (value > most || value != value) /* not a number passes on */
                            most = value;
                    }
                }
                *y++ = most;
            }
        }
    }
}
