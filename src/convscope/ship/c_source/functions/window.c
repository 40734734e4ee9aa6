/* A window that slides over rows and columns; before and after are padding. */
struct window {
    struct shape in, out;
    struct pair size, stride, before, after, dilation;
    long groups;
};
