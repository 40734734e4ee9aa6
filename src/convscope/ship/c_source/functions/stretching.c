/* Sizes of a result, and how far apart its neighbours lie in a and b: 0 where one is stretched. */
struct stretching {
    long size[4], a[4], b[4];
};
