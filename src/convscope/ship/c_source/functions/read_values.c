/* (value - mean) / deviation of each channel, every value down and right as often as the network
   wants it. */
static void read_values(const float *values, float *y, const struct shape *in, long down,
                        long right, const float *mean, const float *deviation)
{
    long c, i, j;
    for (c = 0; c < in->channels; c++, values += in->height * in->width)
        for (i = 0; i < in->height * down; i++)
            for (j = 0; j < in->width * right; j++)
                *y++ = (values[i / down * in->width + j / right] - mean[c]) / deviation[c];
}
