// A training picture changed as its row of a table says, in whole numbers: data/moving.py computes the same bits.
#pragma once
#include <algorithm>
#include <cstring>

#include "lanes.h"
#include "plan.h"

namespace convscope {
namespace LANES_ISA {

struct Shape { long height, width, channels; };

// Where a row or column that lies outside is taken from: its mirror image without the edge itself.
INLINE long mirrored(long i, long size) {
  if (size == 1) return 0;
  const long period = 2 * (size - 1);
  i = ((i % period) + period) % period;
  return i < size ? i : period - i;
}

// Brightness, then contrast, which multiplies the distance from the mean grey.
inline void tone_picture(const Move& move, const Shape& s, const uint8_t* from, uint8_t* to) {
  const auto level = [](int64_t value) { return (uint8_t)std::min<int64_t>(255, std::max<int64_t>(0, value)); };
  const long pixels = s.height * s.width, size = pixels * s.channels;
  uint8_t bright[256], toned[256];
  for (int64_t v = 0; v < 256; v++) bright[v] = level((v * move.brightness + WHOLE / 2) >> 16);
  int64_t sum = 0, count = s.channels == 3 ? pixels : size;
  if (s.channels == 3) {  // ITU-R 601, as Pillow rounds it
    for (long i = 0; i < size; i += 3)
      sum += (19595 * bright[from[i]] + 38470 * bright[from[i + 1]] + 7471 * bright[from[i + 2]] + WHOLE / 2) >> 16;
  } else {
    for (long i = 0; i < size; i++) sum += bright[from[i]];
  }
  const int64_t mean = (2 * sum + count) / (2 * count);
  for (int v = 0; v < 256; v++) toned[v] = level(mean + (((bright[v] - mean) * move.contrast + WHOLE / 2) >> 16));
  for (long i = 0; i < size; i++) to[i] = toned[from[i]];
}

// Mirrored and shifted by whole pixels.
inline void shift_picture(const Pictures& p, const Move& move, const Shape& s, const uint8_t* from, uint8_t* to) {
  const long down = move.down, right = move.right, row_bytes = s.width * s.channels;
  const bool mirror = move.mirrored != 0;
  for (long i = 0; i < s.height; i++) {
    uint8_t* out = to + i * row_bytes;
    long source = i - down;
    if (source < 0 || source >= s.height) {
      if (!p.reflect) {
        std::memset(out, p.fill, row_bytes);
        continue;
      }
      source = mirrored(source, s.height);
    }
    const uint8_t* in = from + source * row_bytes;
    if (!mirror && !p.reflect) {
      const long first = std::max(0L, std::min(s.width, right)), end = std::max(0L, std::min(s.width, s.width + right));
      std::memset(out, p.fill, first * s.channels);
      if (end > first)
        std::memcpy(out + first * s.channels, in + (first - right) * s.channels, (end - first) * s.channels);
      std::memset(out + end * s.channels, p.fill, (s.width - end) * s.channels);
      continue;
    }
    for (long j = 0; j < s.width; j++) {
      long column = j - right;
      const bool outside = column < 0 || column >= s.width;
      if (outside && p.reflect) column = mirrored(column, s.width);
      if (mirror) column = s.width - 1 - column;
      for (long c = 0; c < s.channels; c++)
        out[j * s.channels + c] = outside && !p.reflect ? (uint8_t)p.fill : in[column * s.channels + c];
    }
  }
}

// Mirrored, turned counterclockwise and scaled about the middle, shifted: bilinear, in 1/1024 pixels.
inline void turn_picture(const Pictures& p, const Move& move, const Shape& s, const uint8_t* from, uint8_t* to) {
  const int64_t cosine = move.cosine, sine = move.sine;
  const long row_bytes = s.width * s.channels, beside_bytes = move.mirrored ? -s.channels : s.channels;
  const auto at = [&](long y, long x) { return from + y * row_bytes + (move.mirrored ? s.width - 1 - x : x) * s.channels; };
  for (long i = 0; i < s.height; i++) {
    const int64_t down = 2 * (i - (int64_t)move.down) - (s.height - 1);  // half pixels from the middle
    int64_t right = 2 * -(int64_t)move.right - (s.width - 1);
    int64_t row = cosine * down + sine * right + ((s.height - 1) << 15) + 32;  // in 1/65536 pixels
    int64_t column = cosine * right - sine * down + ((s.width - 1) << 15) + 32;
    for (long j = 0; j < s.width; j++, row += 2 * sine, column += 2 * cosine) {
      const long y = (long)(row >> 16), x = (long)(column >> 16);
      const int below = (row >> 6) & 1023, beside = (column >> 6) & 1023;
      const uint8_t* corner[4];  // null: outside
      if (y >= 0 && y + 1 < s.height && x >= 0 && x + 1 < s.width) {
        corner[0] = at(y, x), corner[1] = corner[0] + beside_bytes;
        corner[2] = corner[0] + row_bytes, corner[3] = corner[2] + beside_bytes;
      } else {
        for (int k = 0; k < 4; k++) {
          const long v = y + k / 2, u = x + k % 2;
          const bool inside = v >= 0 && v < s.height && u >= 0 && u < s.width;
          corner[k] = inside ? at(v, u) : p.reflect ? at(mirrored(v, s.height), mirrored(u, s.width)) : nullptr;
        }
      }
      for (long c = 0; c < s.channels; c++) {
        int value[4];
        for (int k = 0; k < 4; k++) value[k] = corner[k] ? corner[k][c] : p.fill;
        const int upper = (1024 - beside) * value[0] + beside * value[1];
        const int lower = (1024 - beside) * value[2] + beside * value[3];
        *to++ = (uint8_t)(((1024 - below) * upper + below * lower + (1 << 19)) >> 20);
      }
    }
  }
}

// All that a row says of the picture itself; `room` holds one picture.
inline void move_picture(const Pictures& p, const Move& move, const Shape& s, const uint8_t* from, uint8_t* to,
                         uint8_t* room) {
  if (move.brightness != WHOLE || move.contrast != WHOLE) {
    tone_picture(move, s, from, room);
    from = room;
  }
  if (move.cosine != UNTURNED || move.sine != 0) turn_picture(p, move, s, from, to);
  else shift_picture(p, move, s, from, to);
  if (p.hole > 0) {
    const long top = std::max<long>(0, move.top), bottom = std::min<long>(s.height, move.top + (long)p.hole);
    const long left = std::max<long>(0, move.left), end = std::min<long>(s.width, move.left + (long)p.hole);
    for (long i = top; i < bottom && end > left; i++)
      std::memset(to + (i * s.width + left) * s.channels, p.fill, (end - left) * s.channels);
  }
}

// The picture with this number, moved, and mixed with its partner; `room` holds two pictures.
inline void move_and_mix(const Pictures& p, long number, const Shape& s, uint8_t* to, uint8_t* room) {
  const long size = s.height * s.width * s.channels;
  const Move& move = p.moves[number];
  move_picture(p, move, s, p.bytes + number * size, to, room);
  if (move.partner < 0) return;
  uint8_t* partner = room + size;
  move_picture(p, p.moves[move.partner], s, p.bytes + move.partner * size, partner, room);
  for (long i = 0; i < size; i++)
    to[i] = (uint8_t)((move.share * to[i] + (WHOLE - move.share) * partner[i] + WHOLE / 2) >> 16);
}

}  // namespace LANES_ISA
}  // namespace convscope
