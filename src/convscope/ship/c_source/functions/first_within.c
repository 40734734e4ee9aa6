/* The first i from 0 on for which start + i * step is not below 0. */
static long first_within(long start, long step)
{
    return start < 0 ? (step - 1 - start) / step : 0;
}
