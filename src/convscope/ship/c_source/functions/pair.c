/* Something down and something to the right. */
struct pair {
    long y, x;
};
