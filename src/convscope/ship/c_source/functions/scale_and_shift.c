/* Each channel of x times its factor, plus its offset: a trained batch norm. y may lie where x
   does. */
static void scale_and_shift(const float *x, float *y, long channels, long plane,
                            const float *factor, const float *offset)
{
    long c, i;
    for (c = 0; c < channels; c++)
        for (i = 0; i < plane; i++)
            *y++ = *x++ * factor[c] + offset[c];
}
