/* The logarithm of softmax over the middle one of three axes. y may lie where x does. */
static void log_softmax(const float *x, float *y, long outer, long count, long inner)
{
    long i, j, k;
    for (i = 0; i < outer; i++, x += count * inner, y += count * inner) {
        for (k = 0; k < inner; k++) {
            float most = x[k], sum = 0.0f;
            for (j = 1; j < count; j++)
                if (x[j * inner + k] > most)
                    most = x[j * inner + k];
            for (j = 0; j < count; j++)
                sum += expf(x[j * inner + k] - most);
            sum = logf(sum);
            for (j = 0; j < count; j++)
                y[j * inner + k] = x[j * inner + k] - most - sum;
        }
    }
}
