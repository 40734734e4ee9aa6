// Linear layers: (N, features) -> (N, outputs), weights (outputs, features) as PyTorch keeps them.
#pragma once
#include "few_positions.h"

namespace convscope {
namespace LANES_ISA {

constexpr int MAX_ROWS = CONVSCOPE_REGISTERS == 32 ? 16 : 10;

constexpr long FEATURES_AT_ONCE = 128;  // in one sum: the sum of a few sums rounds less than one long one

template <int ROWS>
INLINE void linear_tile(const float* weight, const float* bias, long features, const Vec* x, Vec* y) {
  for (long first = 0; first < features; first += FEATURES_AT_ONCE) {
    const long last = std::min(features, first + FEATURES_AT_ONCE);
    Vec sum[ROWS] = {};
    for (long f = first; f < last; f++) {
      const Vec v = x[f];
      UNROLL for (int o = 0; o < ROWS; o++) sum[o] += weight[o * features + f] * v;
    }
    UNROLL for (int o = 0; o < ROWS; o++) y[o] = sum[o] + (first > 0 ? y[o] : splat(bias ? bias[o] : 0.0f));
  }
}

inline void linear(const float* weight, const float* bias, long features, long outputs, const Vec* x, Vec* y) {
  const Parts parts((int)outputs, MAX_ROWS);
  for (int part = 0, o = 0; part < parts.count; o += parts.size(part), part++)
    with_constant<MAX_ROWS>(parts.size(part), [&](auto rows) {
      linear_tile<decltype(rows)::value>(weight + o * features, bias ? bias + o : nullptr, features, x, y + o);
    });
}

// The same for several blocks of pictures: each weight that is read serves all of them.
template <int ROWS, int COUNT>
INLINE void linear_blocks_tile(const float* weight, long features, long first, long last, const float* bias, const Vec* x,
                               Vec* y, long stride) {
  Vec sum[ROWS][COUNT] = {};
  for (long f = first; f < last; f++) {
    Vec v[COUNT];
    UNROLL for (int n = 0; n < COUNT; n++) v[n] = x[n * stride + f];
    UNROLL for (int o = 0; o < ROWS; o++) {
      const Vec w = splat(weight[o * features + f]);
      UNROLL for (int n = 0; n < COUNT; n++) sum[o][n] += w * v[n];
    }
  }
  UNROLL for (int o = 0; o < ROWS; o++) UNROLL for (int n = 0; n < COUNT; n++) {
    Vec& to = y[n * stride + o];
    to = sum[o][n] + (first > 0 ? to : splat(bias ? bias[o] : 0.0f));
  }
}

inline void linear_blocks(const float* weight, const float* bias, long features, long outputs, const Vec* x, Vec* y,
                          Blocks blocks) {
  constexpr int MOST = ACCUMULATORS / MAX_OUT;
  const Parts parts((int)outputs, MAX_OUT), together((int)blocks.count, MOST);
  for (int i = 0; i < together.count; x += together.size(i) * blocks.stride, y += together.size(i) * blocks.stride, i++)
    with_constant<MOST>(together.size(i), [&](auto count) {
      for (long first = 0; first < features; first += FEATURES_AT_ONCE) {  // which stay in the cache for all outputs
        const long last = std::min(features, first + FEATURES_AT_ONCE);
        for (int part = 0, o = 0; part < parts.count; o += parts.size(part), part++)
          with_constant<MAX_OUT>(parts.size(part), [&](auto rows) {
            linear_blocks_tile<decltype(rows)::value, decltype(count)::value>(
                weight + o * features, features, first, last, bias ? bias + o : nullptr, x, y + o, blocks.stride);
          });
      }
    });
}

template <int ROWS>
INLINE void linear_input_tile(const float* weight, long features, long outputs, const Vec* gy, Vec* gx, bool add) {
  Vec sum[ROWS];
  UNROLL for (int f = 0; f < ROWS; f++) sum[f] = add ? gx[f] : Vec{};
  for (long o = 0; o < outputs; o++) {
    const Vec d = gy[o];
    UNROLL for (int f = 0; f < ROWS; f++) sum[f] += weight[o * features + f] * d;
  }
  UNROLL for (int f = 0; f < ROWS; f++) gx[f] = sum[f];
}

inline void linear_input(const float* weight, long features, long outputs, const Vec* gy, Vec* gx, bool add) {
  const Parts parts((int)features, MAX_ROWS);
  for (int part = 0, f = 0; part < parts.count; f += parts.size(part), part++)
    with_constant<MAX_ROWS>(parts.size(part), [&](auto rows) {
      linear_input_tile<decltype(rows)::value>(weight + f, features, outputs, gy, gx + f, add);
    });
}

struct BlockPair { const Vec* x; const Vec* gy; };  // where a block's are

// ---- gradient of the weights: gradient[o][f] = sum over blocks and lanes of gy[o] * x[f] ---------------------------

constexpr int BLOCKS_AT_ONCE = 64 / LANES;             // whose pictures are summed before they are added to the rest
constexpr int VECTORS_AT_ONCE = ACCUMULATORS / MAX_OUT_GRADIENT;  // of features, in registers
constexpr int FEATURES_TURNED = 128;

// Some features of some blocks, turned: feature by feature for each picture, so that no sum goes across lanes.
struct Turned {
  alignas(64) float values[BLOCKS_AT_ONCE * LANES][FEATURES_TURNED];

  void fill(const BlockPair* blocks, int count, long first, int features) {
    for (int b = 0; b < count; b++)
      for (int f = 0; f < features; f += LANES) {
        Vec square[LANES];
        UNROLL for (int i = 0; i < LANES; i++) square[i] = f + i < features ? blocks[b].x[first + f + i] : Vec{};
        transpose(square);
        UNROLL for (int i = 0; i < LANES; i++) *(Vec*)&values[b * LANES + i][f] = square[i];
      }
  }
};

template <int OUT, int COUNT>
INLINE void linear_weight_tile(const BlockPair* blocks, int count, long o, const Turned& x, int f, int features,
                               bool add, float* gradient, long row) {
  Vec sum[OUT][COUNT] = {};
  for (int b = 0; b < count; b++) {
    const float* d = (const float*)(blocks[b].gy + o);
    for (int l = 0; l < LANES; l++) {
      Vec v[COUNT];
      UNROLL for (int n = 0; n < COUNT; n++) v[n] = *(const Vec*)&x.values[b * LANES + l][f + n * LANES];
      UNROLL for (int q = 0; q < OUT; q++) {
        const Vec weight = splat(d[q * LANES + l]);
        UNROLL for (int n = 0; n < COUNT; n++) sum[q][n] += weight * v[n];
      }
    }
  }
  UNROLL for (int q = 0; q < OUT; q++) UNROLL for (int n = 0; n < COUNT; n++) {
    float* to = gradient + q * row + f + n * LANES;
    const int whole = features - f - n * LANES;
    if (whole >= LANES) store_unaligned(to, add ? load_unaligned(to) + sum[q][n] : sum[q][n]);
    else for (int i = 0; i < whole; i++) to[i] = add ? to[i] + sum[q][n][i] : sum[q][n][i];
  }
}

// Of outputs begin..end and features first..last.
inline void linear_weight(const std::vector<BlockPair>& blocks, long begin, long end, long first, long last, long row,
                          float* gradient) {
  Turned x;
  for (long at = first; at < last; at += FEATURES_TURNED) {
    const int features = (int)std::min<long>(FEATURES_TURNED, last - at);
    for (size_t b = 0; b < blocks.size(); b += BLOCKS_AT_ONCE) {
      const int count = (int)std::min<size_t>(BLOCKS_AT_ONCE, blocks.size() - b);
      x.fill(&blocks[b], count, at, features);
      const Parts across((features + LANES - 1) / LANES, VECTORS_AT_ONCE), down((int)(end - begin), MAX_OUT_GRADIENT);
      for (int part = 0, f = 0; part < across.count; f += across.size(part) * LANES, part++)
        with_constant<VECTORS_AT_ONCE>(across.size(part), [&](auto vectors) {
          long o = begin;
          for (int i = 0; i < down.count; o += down.size(i), i++)
            with_constant<MAX_OUT_GRADIENT>(down.size(i), [&](auto outs) {
              linear_weight_tile<decltype(outs)::value, decltype(vectors)::value>(
                  &blocks[b], count, o, x, f, features, b > 0, gradient + o * row + at, row);
            });
        });
    }
  }
}

inline float linear_bias(const std::vector<BlockPair>& blocks, long output) {
  Vec sum = {};
  for (const BlockPair& block : blocks) sum += block.gy[output];
  return sum_of_lanes(sum);
}

}  // namespace LANES_ISA
}  // namespace convscope
