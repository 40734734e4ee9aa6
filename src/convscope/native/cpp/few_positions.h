// Convolution to a map of a few positions, as at the end of deep networks: the register tile lies across blocks of
// pictures, so that each weight that is read serves several of them, and a position takes only the taps that it sees.
#pragma once
#include <vector>

#include "convolution.h"

namespace convscope {
namespace LANES_ISA {

// Blocks of LANES pictures whose tensors lie `stride` vectors apart.
struct Blocks { long count = 1, stride = 0; };

constexpr long MOST_POSITIONS = 8;       // that are few
constexpr long CHANNELS_AT_ONCE = 64;    // in one sum: the sum of a few sums rounds less than one long one

struct Position {
  long to;                    // in y
  std::vector<int> taps;      // that do not lie in the border, numbers of the kernel's
  std::vector<long> from;     // where each of them is in x
};

struct FewPositions {
  long in_channels, x_channel;
  int out_channels;
  long y_channel;
  int tap_count;
  const float* weights;  // as Correlation's
  const float* bias;     // or null
  bool relu;
  Blocks blocks;
};

// OUT channels of one position in COUNT blocks.
template <int OUT, int COUNT>
static NOINLINE void few_positions_tile(const FewPositions& f, const Position& position, const float* w, const float* bias,
                                        const Vec* x, Vec* y) {
  const int taps = (int)position.taps.size();
  for (long first = 0; first < f.in_channels; first += CHANNELS_AT_ONCE) {
    const long last = std::min(f.in_channels, first + CHANNELS_AT_ONCE);
    Vec sum[OUT][COUNT] = {};
    for (long c = first; c < last; c++)
      for (int t = 0; t < taps; t++) {
        const float* u = w + (c * f.tap_count + position.taps[t]) * OUT;
        const Vec* at = x + c * f.x_channel + position.from[t];
        Vec v[COUNT];
        UNROLL for (int n = 0; n < COUNT; n++) v[n] = at[n * f.blocks.stride];
        UNROLL for (int o = 0; o < OUT; o++) {
          const Vec weight = splat(u[o]);
          UNROLL for (int n = 0; n < COUNT; n++) sum[o][n] += weight * v[n];
        }
      }
    UNROLL for (int o = 0; o < OUT; o++) UNROLL for (int n = 0; n < COUNT; n++) {
      Vec* to = y + o * f.y_channel + n * f.blocks.stride;
      const Vec value = sum[o][n] + (first > 0 ? *to : splat(bias ? bias[o] : 0.0f));
      *to = f.relu && last == f.in_channels ? relu(value) : value;
    }
  }
}

inline void few_positions(const FewPositions& f, const std::vector<Position>& positions, const Vec* x, Vec* y) {
  const Parts parts(f.out_channels, MAX_OUT), together((int)f.blocks.count, ACCUMULATORS / MAX_OUT);
  const float* w = f.weights;
  for (int part = 0, o = 0; part < parts.count; o += parts.size(part), part++) {
    with_constant<MAX_OUT>(parts.size(part), [&](auto out) {
      constexpr int OUT = decltype(out)::value;
      const float* bias = f.bias ? f.bias + o : nullptr;
      for (const Position& position : positions)
        for (int i = 0, block = 0; i < together.count; block += together.size(i), i++)
          with_constant<ACCUMULATORS / MAX_OUT>(together.size(i), [&](auto count) {
            few_positions_tile<OUT, decltype(count)::value>(f, position, w, bias, x + block * f.blocks.stride,
                                                            y + position.to + o * f.y_channel + block * f.blocks.stride);
          });
    });
    w += f.in_channels * f.tap_count * parts.size(part);
  }
}

}  // namespace LANES_ISA
}  // namespace convscope
