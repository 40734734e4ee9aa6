// Linear layers: (N, features) -> (N, outputs), weights (outputs, features) as PyTorch keeps them.
#pragma once
#include "convolution.h"

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

// gradient[o][f] = sum over blocks and lanes of gy[o] * x[f], of outputs begin..end and features first..last: a few
// features at a time, so that they stay in the cache for all outputs.
inline void linear_weight(const std::vector<BlockPair>& blocks, long begin, long end, long first, long last,
                          long features, float* gradient) {
  for (long f = first; f < last; f += LANES) {
    const int n = (int)std::min<long>(LANES, last - f);
    for (long o = begin; o < end; o++) {
      Vec sum[LANES] = {};
      float* to = gradient + o * features + f;
      if (n == LANES) {
        for (const BlockPair& block : blocks) {
          const Vec d = block.gy[o];
          UNROLL for (int i = 0; i < LANES; i++) sum[i] += d * block.x[f + i];
        }
        store_unaligned(to, sums_of_lanes(sum));
      } else {
        for (int i = 0; i < n; i++) {
          for (const BlockPair& block : blocks) sum[i] += block.gy[o] * block.x[f + i];
          to[i] = sum_of_lanes(sum[i]);
        }
      }
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
