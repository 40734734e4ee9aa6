/* Where each plane, row and column of a result comes from: -1 is the border, 0 in place of an
   array stands for all as they are. */
struct padding {
    long planes, rows, columns; /* of the result */
    long in_rows, in_columns;
    const long *from_plane, *from_row, *from_column;
};
