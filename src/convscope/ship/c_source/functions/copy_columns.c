/* The rows of x into longer rows of y, from a column of these on. */
static void copy_columns(const float *x, float *y, long rows, long columns, long columns_of_y,
                         long first)
{
    long r, i;
    for (r = 0; r < rows; r++, x += columns, y += columns_of_y)
        for (i = 0; i < columns; i++)
            y[first + i] = x[i];
}
