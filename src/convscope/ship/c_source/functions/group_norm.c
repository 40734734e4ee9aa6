/* Groups of channels with mean 0 and variance 1, then a factor and an offset per channel. y may
   lie where x does. */
static void group_norm(const float *x, float *y, long groups, long channels, long plane, float eps,
                       const float *weight, const float *bias)
{
    long g, c, i;
    for (g = 0; g < groups; g++) {
        const float middle = mean_of(x, channels * plane);
        const float scale = 1.0f / sqrtf(variance_of(x, channels * plane, middle) + eps);
        for (c = g * channels; c < (g + 1) * channels; c++)
            for (i = 0; i < plane; i++)
                *y++ = (*x++ - middle) * scale * weight[c] + bias[c];
    }
}
