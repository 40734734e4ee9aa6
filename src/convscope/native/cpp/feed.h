// Pictures into lanes: gathered, moved, scaled and turned around in one pass.
#pragma once
#include "convolution.h"
#include "moving.h"
#include "pointwise.h"

namespace convscope {
namespace LANES_ISA {

typedef uint8_t Eight __attribute__((vector_size(8)));
typedef uint8_t Sixteen __attribute__((vector_size(16)));

// Eight bytes of eight pictures turned around: out[k] holds byte k of each picture. Three rounds of interleaving.
INLINE void transpose_8x8(const uint8_t* const (&from)[8], long at, Eight (&out)[8]) {
  Sixteen a[4], b[4], c[4];
  UNROLL for (int i = 0; i < 4; i++) {
    Eight x, y;
    std::memcpy(&x, from[i] + at, 8);
    std::memcpy(&y, from[i + 4] + at, 8);
    a[i] = __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);  // pictures i, i + 4
  }
  UNROLL for (int i = 0; i < 2; i++) {  // pictures i, i + 2, i + 4, i + 6 of bytes 0..3 and 4..7
    b[2 * i] = __builtin_shufflevector(a[i], a[i + 2], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 2], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
  UNROLL for (int i = 0; i < 2; i++) {
    c[2 * i] = __builtin_shufflevector(b[i], b[i + 2], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    c[2 * i + 1] = __builtin_shufflevector(b[i], b[i + 2], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
  UNROLL for (int k = 0; k < 8; k++) std::memcpy(&out[k], (const uint8_t*)&c[k / 2] + 8 * (k % 2), 8);
}

// The same from float32 (N, C, H, W), as it is.
inline void gather_floats(const float* floats, const int64_t* positions, long first, int valid, const View& x) {
  const Tensor& t = *x.shape;
  const float* from[LANES];
  for (int l = 0; l < LANES; l++)  // an empty lane reads a picture that is there, and keeps nothing of it
    from[l] = floats + (positions ? positions[l < valid ? l : 0] : first + (l < valid ? l : 0)) *
                           (t.channels * t.height * t.width);
  const Int mask = first_lanes(valid);
  long at = 0;
  for (long c = 0; c < t.channels; c++)
    for (long i = 0; i < t.height; i++, at += t.width) {
      Vec* to = x.row(c, i);
      long j = 0;
      for (; j + LANES <= t.width; j += LANES) {
        Vec turned[LANES];
        UNROLL for (int l = 0; l < LANES; l++) turned[l] = load_unaligned(from[l] + at + j);
        transpose(turned);
        UNROLL for (int k = 0; k < LANES; k++) to[j + k] = keep(mask, turned[k]);
      }
      for (; j < t.width; j++)
        for (int l = 0; l < LANES; l++) to[j][l] = l < valid ? from[l][at + j] : 0.0f;
    }
}

// The block's pictures `positions[0..valid)` into x; empty lanes become 0. `room` holds LANES + 2 pictures.
inline void gather(const Pictures& p, const int64_t* positions, long first, int valid, const View& x, uint8_t* room) {
  const Tensor& t = *x.shape;
  const long size = t.channels * t.height * t.width;
  if (p.floats) {
    gather_floats(p.floats, positions, first, valid, x);
    return;
  }
  const uint8_t* pictures[LANES];
  for (int l = 0; l < LANES; l++) {
    const long number = l < valid ? (positions ? positions[l] : first + l) : (positions ? positions[0] : first);
    pictures[l] = p.bytes + number * size;
    if (p.moves && l < valid) {
      move_and_mix(p, number, {t.height, t.width, t.channels}, room + l * size, room + LANES * size);
      pictures[l] = room + l * size;
    }
  }
  const Int mask = first_lanes(valid);
  const long row_bytes = t.width * t.channels;
  auto place = [&](long i, long byte, Bytes values) {
    const long j = byte / t.channels, c = byte - j * t.channels;
    const Vec scaled = __builtin_convertvector(widen(values), Vec) * p.factor[c] + (p.offset ? p.offset[c] : 0.0f);
    x.row(c, i)[j] = keep(mask, scaled);
  };
  for (long i = 0; i < t.height; i++) {
    long byte = 0;
    for (; byte + 8 <= row_bytes; byte += 8) {
      Bytes turned[8];
      for (int eight = 0; eight < LANES; eight += 8) {
        const uint8_t* from[8];
        for (int k = 0; k < 8; k++) from[k] = pictures[std::min(eight + k, LANES - 1)];
        Eight out[8];
        transpose_8x8(from, i * row_bytes + byte, out);
        UNROLL for (int k = 0; k < 8; k++)
          std::memcpy((uint8_t*)&turned[k] + eight, &out[k], LANES < 8 ? LANES : 8);
      }
      for (int k = 0; k < 8; k++) place(i, byte + k, turned[k]);
    }
    for (; byte < row_bytes; byte++) {
      Bytes values;
      for (int l = 0; l < LANES; l++) values[l] = pictures[l][i * row_bytes + byte];
      place(i, byte, values);
    }
  }
}

}  // namespace LANES_ISA
}  // namespace convscope
