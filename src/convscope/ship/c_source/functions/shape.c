/* Sizes of an array; a signal has one row. */
struct shape {
    long channels, height, width;
};
