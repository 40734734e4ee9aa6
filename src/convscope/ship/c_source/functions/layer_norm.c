/* Rows with mean 0 and variance 1, then a factor and an offset per column. y may lie where x
   does. */
static void layer_norm(const float *x, float *y, long rows, long columns, float eps,
                       const float *weight, const float *bias)
{
    long r, i;
    for (r = 0; r < rows; r++) {
        const float middle = mean_of(x, columns);
        const float scale = 1.0f / sqrtf(variance_of(x, columns, middle) + eps);
        for (i = 0; i < columns; i++)
            *y++ = (*x++ - middle) * scale * weight[i] + bias[i];
    }
}
