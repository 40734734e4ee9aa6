/* The mean of each row. y may lie where x does. */
static void means_of_rows(const float *x, float *y, long rows, long columns)
{
    long r;
    for (r = 0; r < rows; r++)
        y[r] = mean_of(x + r * columns, columns);
}
