// Gradient of a convolution's weights through a maximum over 2x2 positions. Only the position that won has a gradient,
// so of the two rows and columns of windows the one that it saw is selected, lane by lane: one product does for four.
#pragma once
#include "convolution.h"

namespace convscope {
namespace LANES_ISA {

struct PooledWeightGradient {
  long in_channels, x_channel, x_row;
  long out_channels, rows, width, gy_channel, gy_row;  // of the pooled output
};

// gradient[a][b] += sum over positions and lanes of gy * x[a][b] at the maximum, for ROWS rows of a KxK kernel.
template <int K, int ROWS>
static NOINLINE void pooled_weight_tile(const PooledWeightGradient& g, long first_row, long last_row, const Vec* x,
                                        const Vec* gy, const Bytes* index, float* gradient) {
  Vec sum[ROWS][K] = {};
  for (long i = first_row; i < last_row; i++) {
    const Vec *at = x + 2 * i * g.x_row, *d = gy + i * g.gy_row;
    const Bytes* which = index + i * g.width;
    for (long j = 0; j < g.width; j++, at += 2) {
      const Vec value = d[j];
      const Int place = widen(which[j]);
      const Int lower = place > splat_int(1), right = (place & splat_int(1)) > splat_int(0);
      UNROLL for (int a = 0; a < ROWS; a++) {
        const Vec *above = at + a * g.x_row, *below = above + g.x_row;
        Vec left = select(lower, below[0], above[0]);
        UNROLL for (int b = 0; b < K; b++) {
          const Vec next = select(lower, below[b + 1], above[b + 1]);
          sum[a][b] += value * select(right, next, left);
          left = next;
        }
      }
    }
  }
  add_sums_of_lanes(sum, gradient, K);
}

template <int K>
inline void pooled_weight_gradient(const PooledWeightGradient& g, const Vec* x, const Vec* gy, const Bytes* index,
                                   float* gradient) {
  constexpr int MOST = K == 3 ? 3 : 2;  // rows whose sums stay in registers
  const long rows = std::max(1L, BAND / g.width);
  for (long first = 0; first < g.rows; first += rows) {
    const long last = std::min(g.rows, first + rows);
    for (long c = 0; c < g.in_channels; c++)
      for (long o = 0; o < g.out_channels; o++) {
        const Vec* from = x + c * g.x_channel;
        float* to = gradient + (o * g.in_channels + c) * K * K;
        const Parts parts(K, MOST);
        for (int part = 0; part < parts.count; part++) {
          const int n = parts.size(part);
          with_constant<MOST>(n, [&](auto count) {
            pooled_weight_tile<K, decltype(count)::value>(g, first, last, from, gy + o * g.gy_channel,
                                                          index + o * g.rows * g.width, to);
          });
          from += n * g.x_row;
          to += n * K;
        }
      }
  }
}

}  // namespace LANES_ISA
}  // namespace convscope
