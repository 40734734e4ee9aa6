/* One more than the last i below count for which start + i * step is below size. */
static long end_within(long start, long step, long count, long size)
{
    if (start + (count - 1) * step < size)
        return count;
    return start < size ? (size - start + step - 1) / step : 0;
}
