/* A border around x, and what is cut off. */
static void pad(const float *x, float *y, const struct padding *p, float border)
{
    long i, j, k;
    for (i = 0; i < p->planes; i++) {
        const long plane = p->from_plane ? p->from_plane[i] : i;
        for (j = 0; j < p->rows; j++) {
            const long row = p->from_row ? p->from_row[j] : j;
            const long from = (plane * p->in_rows + row) * p->in_columns;
            for (k = 0; k < p->columns; k++) {
                const long column = p->from_column ? p->from_column[k] : k;
                *y++ = plane < 0 || row < 0 || column < 0 ? border : x[from + column];
            }
        }
    }
}
