// Direct cross-correlation. A register tile holds OUT output channels at POS positions; one input vector serves
// OUT of its sums, one weight (broadcast) serves POS. Taps are a table of offsets, so that any kernel size,
// stride and dilation, and every phase of a strided input gradient, is the same loop.
#pragma once
#include <algorithm>
#include <type_traits>
#include <vector>

#include "lanes.h"

namespace convscope {
namespace LANES_ISA {

constexpr int MAX_OUT = CONVSCOPE_REGISTERS == 32 ? 6 : 4;
constexpr int positions_of(int out) { return out == 1 ? 8 : ACCUMULATORS / out; }

// A count cut into nearly equal parts of at most `most`: 10 by 4 is 4, 3, 3.
struct Parts {
  int count, small, larger;  // `larger` parts have one more than `small`
  Parts(int n, int most) : count((n + most - 1) / most), small(n / std::max(count, 1)), larger(n - small * count) {}
  int size(int part) const { return small + (part < larger); }
};

// function(n as a constant) for n in 1..MOST: the register tiles need to know their size.
template <int MOST, class Function>
INLINE void with_constant(int n, Function&& function) {
  if constexpr (MOST > 0) {
    if (n == MOST) function(std::integral_constant<int, MOST>{});
    else with_constant<MOST - 1>(n, function);
  }
}

// The taps first..end of a kernel.
struct Taps { int first, end; };

// y[o][i][j] (+)= bias[o] + sum of the taps at x[i * x_row + j * x_column]; all strides in vectors.
struct Correlation {
  long in_channels, x_channel, x_row, x_column;
  int out_channels;
  long rows, columns, y_channel, y_row, y_column;
  const long* taps;
  int tap_count;
  const Taps* seen;      // of each row: the taps that do not lie in the border above or below
  const float* weights;  // packed: for each part of the output channels [in][tap][part]
  const float* bias;     // or null
  bool accumulate;
  bool relu;
};

// sum over channels c and the taps t of w[c][t][o] * x[p][c * channel + tap[t]], for OUT channels and POS positions.
template <int OUT, int POS>
INLINE void correlate(const Correlation& correlation, Taps taps, const Vec* const (&x)[POS], const float* w,
                      Vec (&sum)[OUT][POS]) {
  w += taps.first * OUT;
  const long skipped = (long)(correlation.tap_count - (taps.end - taps.first)) * OUT;
  for (long c = 0; c < correlation.in_channels; c++, w += skipped)
    for (int t = taps.first; t < taps.end; t++, w += OUT) {
      const long at = c * correlation.x_channel + correlation.taps[t];
      // the smaller side waits in registers, the larger one streams by
      if constexpr (OUT < POS) {
        Vec f[OUT];
        UNROLL for (int o = 0; o < OUT; o++) f[o] = splat(w[o]);
        UNROLL for (int p = 0; p < POS; p++) {
          const Vec v = x[p][at];
          UNROLL for (int o = 0; o < OUT; o++) sum[o][p] += f[o] * v;
        }
      } else {
        Vec v[POS];
        UNROLL for (int p = 0; p < POS; p++) v[p] = x[p][at];
        UNROLL for (int o = 0; o < OUT; o++) {
          const Vec f = splat(w[o]);
          UNROLL for (int p = 0; p < POS; p++) sum[o][p] += f * v[p];
        }
      }
    }
}

template <int OUT, int POS>
static NOINLINE void correlate_tile(const Correlation& c, Taps taps, const float* w, const float* bias, const Vec* x,
                                    Vec* y) {
  const Vec* at[POS];
  UNROLL for (int p = 0; p < POS; p++) at[p] = x + p * c.x_column;
  Vec sum[OUT][POS];
  UNROLL for (int o = 0; o < OUT; o++) {
    Vec b = splat(bias ? bias[o] : 0.0f);
    UNROLL for (int p = 0; p < POS; p++) sum[o][p] = b;
  }
  correlate<OUT, POS>(c, taps, at, w, sum);
  UNROLL for (int o = 0; o < OUT; o++) UNROLL for (int p = 0; p < POS; p++) {
    Vec* to = y + o * c.y_channel + p * c.y_column;
    Vec value = sum[o][p];
    if (c.accumulate) value += *to;
    if (c.relu) value = relu(value);
    *to = value;
  }
}

// One row of outputs for OUT channels.
template <int OUT>
static NOINLINE void correlate_row(const Correlation& c, Taps taps, const float* w, const float* bias, const Vec* x,
                                   Vec* y) {
  const Parts parts((int)c.columns, positions_of(OUT));
  for (int part = 0; part < parts.count; part++) {
    const int n = parts.size(part);
    with_constant<positions_of(OUT)>(n, [&](auto pos) { correlate_tile<OUT, decltype(pos)::value>(c, taps, w, bias, x, y); });
    x += n * c.x_column;
    y += n * c.y_column;
  }
}

// function(channels as a constant, row, first channel, its weights and bias) for the parts of the output channels of
// every row. Rows outside, so that the rows of x that one row of y sees stay in the cache for all its channels.
template <int MOST, class Function>
INLINE void each_row_and_part(const Correlation& c, Function&& function) {
  const Parts parts(c.out_channels, MOST);
  for (long i = 0; i < c.rows; i++) {
    const float* w = c.weights;
    for (int part = 0, o = 0; part < parts.count; part++) {
      const int n = parts.size(part);
      with_constant<MOST>(n, [&](auto out) { function(out, i, o, w, c.bias ? c.bias + o : nullptr); });
      w += c.in_channels * c.tap_count * n;
      o += n;
    }
  }
}

inline void correlate_all(const Correlation& c, const Vec* x, Vec* y) {
  each_row_and_part<MAX_OUT>(c, [&](auto out, long i, int o, const float* w, const float* bias) {
    correlate_row<decltype(out)::value>(c, c.seen[i], w, bias, x + i * c.x_row, y + i * c.y_row + o * c.y_channel);
  });
}

// The largest of four and which it was (0..3, row-major); the first among equals, as in PyTorch.
INLINE Vec largest_of_four(Vec a, Vec b, Vec c, Vec d, Int& which) {
  const Int right = b > a, right_below = d > c;
  const Vec above = select(right, b, a), below = select(right_below, d, c);
  const Int lower = below > above;
  which = lower ? 2 - right_below : -right;
  return select(lower, below, above);
}

// As Correlation, of 2x2 positions at a time, keeping the largest (with relu where asked) and which it was.
constexpr int MAX_OUT_POOLED = CONVSCOPE_REGISTERS == 32 ? 6 : 3;

struct PooledCorrelation {
  Correlation conv;       // rows and columns, and the strides of y, are those of the pooled output
  long index_channel;     // of the positions of the maxima, contiguous rows
};

// One row of pooled outputs for OUT channels.
template <int OUT>
static NOINLINE void correlate_pooled_row(const PooledCorrelation& pooled, Taps taps, const float* w,
                                          const float* bias, const Vec* x, Vec* y, Bytes* index) {
  const Correlation& c = pooled.conv;
  for (long j = 0; j < c.columns; j++, x += 2 * c.x_column) {
    const Vec* const at[4] = {x, x + c.x_column, x + c.x_row, x + c.x_row + c.x_column};
    Vec sum[OUT][4];
    UNROLL for (int o = 0; o < OUT; o++) {
      Vec b = splat(bias ? bias[o] : 0.0f);
      UNROLL for (int p = 0; p < 4; p++) sum[o][p] = b;
    }
    correlate<OUT, 4>(c, taps, at, w, sum);
    UNROLL for (int o = 0; o < OUT; o++) {
      Int which;
      Vec value = largest_of_four(sum[o][0], sum[o][1], sum[o][2], sum[o][3], which);
      if (c.relu) value = relu(value);
      y[o * c.y_channel + j] = value;
      if (index) index[o * pooled.index_channel + j] = narrow(which);
    }
  }
}

inline void correlate_pooled_all(const PooledCorrelation& pooled, const Vec* x, Vec* y, Bytes* index) {
  const Correlation& c = pooled.conv;
  each_row_and_part<MAX_OUT_POOLED>(c, [&](auto out, long i, int o, const float* w, const float* bias) {
    Bytes* where = index ? index + i * c.columns + o * pooled.index_channel : nullptr;
    correlate_pooled_row<decltype(out)::value>(pooled, c.seen[i], w, bias, x + 2 * i * c.x_row,
                                               y + i * c.y_row + o * c.y_channel, where);
  });
}

// Weights (out, in, tap), the tap numbers of `chosen` in order, as correlate_all and correlate_pooled_all read them.
// `transposed` reads them as (in, out, tap), which is what the gradient of the input needs.
inline void pack_weights(const float* weight, int out, int in, int kernel, const std::vector<int>& chosen, int most,
                         bool transposed, float* packed) {
  const Parts parts(out, most);
  for (int part = 0, o = 0; part < parts.count; o += parts.size(part), part++)
    for (int c = 0; c < in; c++)
      for (int t : chosen)
        for (int k = o; k < o + parts.size(part); k++)
          *packed++ = transposed ? weight[((long)c * out + k) * kernel + t] : weight[((long)k * in + c) * kernel + t];
}

// ---- gradient of the weights: gradient[o][column] += sum over positions and lanes of gy[o] * x[column] ----------

struct WeightGradient {
  int out_channels;
  long columns;             // input channels times taps
  const long* column_at;    // where each column's window begins in x
  long rows, width, x_row, x_column, gy_channel, gy_row;
};

constexpr int MAX_OUT_GRADIENT = 4;
constexpr int BAND = 128;   // positions between two sums over the lanes

// to[a * stride + b] += the sum of the lanes of sum[a][b].
template <int ROWS, int COLUMNS>
INLINE void add_sums_of_lanes(const Vec (&sum)[ROWS][COLUMNS], float* to, long stride) {
  constexpr int COUNT = ROWS * COLUMNS;
  UNROLL for (int first = 0; first < COUNT; first += LANES) {
    Vec group[LANES];
    UNROLL for (int i = 0; i < LANES; i++)
      group[i] = first + i < COUNT ? sum[(first + i) / COLUMNS % ROWS][(first + i) % COLUMNS] : Vec{};
    const Vec total = sums_of_lanes(group);
    UNROLL for (int i = 0; i < LANES; i++)
      if (first + i < COUNT) to[(first + i) / COLUMNS * stride + (first + i) % COLUMNS] += total[i];
  }
}

template <int OUT, int COLUMNS>
static void weight_tile(const WeightGradient& g, long first_row, long last_row, const Vec* const (&x)[COLUMNS],
                        const Vec* gy, float* gradient) {
  Vec sum[OUT][COLUMNS] = {};
  for (long i = first_row; i < last_row; i++) {
    long at = i * g.x_row;
    const Vec* d = gy + i * g.gy_row;
    for (long j = 0; j < g.width; j++, at += g.x_column, d++) {
      Vec v[COLUMNS];
      UNROLL for (int k = 0; k < COLUMNS; k++) v[k] = x[k][at];
      UNROLL for (int o = 0; o < OUT; o++) {
        const Vec f = d[o * g.gy_channel];
        UNROLL for (int k = 0; k < COLUMNS; k++) sum[o][k] += f * v[k];
      }
    }
  }
  add_sums_of_lanes(sum, gradient, g.columns);
}

constexpr int MAX_COLUMNS = ACCUMULATORS / MAX_OUT_GRADIENT;

template <int OUT>
static NOINLINE void weight_columns(const WeightGradient& g, long first_row, long last_row, const Vec* x, const Vec* gy,
                           float* gradient) {
  const Parts parts((int)g.columns, MAX_COLUMNS);
  long k = 0;
  for (int part = 0; part < parts.count; k += parts.size(part), part++) {
    with_constant<MAX_COLUMNS>(parts.size(part), [&](auto columns) {
      constexpr int COLUMNS = decltype(columns)::value;
      const Vec* at[COLUMNS];
      UNROLL for (int i = 0; i < COLUMNS; i++) at[i] = x + g.column_at[k + i];
      weight_tile<OUT, COLUMNS>(g, first_row, last_row, at, gy, gradient + k);
    });
  }
}

inline void weight_gradient(const WeightGradient& g, const Vec* x, const Vec* gy, float* gradient) {
  const Parts parts(g.out_channels, MAX_OUT_GRADIENT);
  const long rows = std::max(1L, BAND / g.width);
  for (long first = 0; first < g.rows; first += rows) {
    const long last = std::min(g.rows, first + rows);
    for (int part = 0, o = 0; part < parts.count; o += parts.size(part), part++) {
      const Vec* d = gy + o * g.gy_channel;
      float* to = gradient + o * g.columns;
      with_constant<MAX_OUT_GRADIENT>(parts.size(part), [&](auto out) {
        weight_columns<decltype(out)::value>(g, first, last, x, d, to);
      });
    }
  }
}

// gradient[o] += sum over positions and lanes of gy[o].
inline void bias_gradient(const Vec* gy, long channels, long channel, long rows, long row, long width,
                          float* gradient) {
  for (long o = 0; o < channels; o++) {
    Vec sum = {};
    for (long i = 0; i < rows; i++) {
      Vec row_sum = {};
      for (long j = 0; j < width; j++) row_sum += gy[o * channel + i * row + j];
      sum += row_sum;
    }
    gradient[o] += sum_of_lanes(sum);
  }
}

}  // namespace LANES_ISA
}  // namespace convscope
