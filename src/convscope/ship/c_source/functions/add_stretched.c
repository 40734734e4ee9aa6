/* y = a + b, where a size of 1 stretches to the size of the other. y may lie where an operand of
   its own size does. */
static void add_stretched(const float *a, const float *b, float *y, const struct stretching *s)
{
    long h, i, j, k;
    for (h = 0; h < s->size[0]; h++) {
        for (i = 0; i < s->size[1]; i++) {
            for (j = 0; j < s->size[2]; j++) {
                const float *const of_a = a + h * s->a[0] + i * s->a[1] + j * s->a[2];
                const float *const of_b = b + h * s->b[0] + i * s->b[1] + j * s->b[2];
                for (k = 0; k < s->size[3]; k++)
                    *y++ = of_a[k * s->a[3]] + of_b[k * s->b[3]];
            }
        }
    }
}
