/* Means of windows that share the picture out: number i of m is from floor(i n / m) to
   ceil((i + 1) n / m). y may lie where x does if out is no larger than in. */
static void adaptive_average_pool(const float *x, float *y, const struct shape *in,
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
                float sum = 0.0f;
                for (k = top; k < bottom; k++) {
                    float row = 0.0f;
                    for (l = left; l < right; l++)
                        row += x[k * in->width + l];
                    sum += row;
                }
                *y++ = sum / (float)((bottom - top) * (right - left));
            }
        }
    }
}
