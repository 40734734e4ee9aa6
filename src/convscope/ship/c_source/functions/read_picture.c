/* A picture's bytes (row by row, channels together) to numbers (channel by channel):
   byte * factor + offset, with 255 - byte where light and dark are turned around. */
static void read_picture(const uint8_t *picture, float *y, long channels, long plane, int inverted,
                         const float *factor, const float *offset)
{
    long c, i;
    for (c = 0; c < channels; c++) {
        for (i = 0; i < plane; i++) {
            const int value = picture[i * channels + c];
            *y++ = (float)(inverted ? 255 - value : value) * factor[c] + offset[c];
        }
    }
}
