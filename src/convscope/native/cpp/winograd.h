// Convolution with fewer multiplications (Winograd 1980; Lavin & Gray 2016): F(2x2, RxS) gives 2x2 outputs of an
// RxS kernel from (R+1)(S+1) products instead of 4RS. A 3x3 kernel takes 16 for 36; a 5x5 one is cut into 3x3, 3x2,
// 2x3 and 2x2 parts and takes 49 for 100. All transforms are additions of whole vectors, with factors of 1/2 on
// the weights alone, so that little accuracy is lost.
#pragma once
#include "convolution.h"

namespace convscope {
namespace LANES_ISA {

constexpr int TILES = ACCUMULATORS / MAX_OUT * 3;  // transformed at a time
constexpr int OUT_CHUNK = 2 * MAX_OUT;             // channels between two output transforms
constexpr int MAX_POINTS = 16;

struct KernelPart { int row, column, rows, columns; };  // 2 or 3 rows and columns of the kernel
inline int points_of(const KernelPart& part) { return (part.rows + 1) * (part.columns + 1); }

inline std::vector<KernelPart> kernel_parts(long kernel) {
  if (kernel == 3) return {{0, 0, 3, 3}};
  return {{0, 0, 3, 3}, {0, 3, 3, 2}, {3, 0, 2, 3}, {3, 3, 2, 2}};  // 5
}

// ---- the three transforms along one axis -------------------------------------------------------------------------

template <int R>
INLINE void input_transform(const Vec (&d)[R + 1], Vec (&t)[R + 1]) {
  if constexpr (R == 3) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
  } else {
    t[0] = d[0] - d[1];
    t[1] = d[1];
    t[2] = d[1] - d[2];
  }
}

template <int R>
INLINE void output_transform(const Vec (&m)[R + 1], Vec& first, Vec& second) {
  if constexpr (R == 3) {
    first = m[0] + m[1] + m[2];
    second = m[1] - m[2] - m[3];
  } else {
    first = m[0] + m[1];
    second = m[1] - m[2];
  }
}

inline void weight_transform(int r, const float* g, long stride, float* u) {
  if (r == 3) {
    const float sum = 0.5f * (g[0] + g[2 * stride]), half = 0.5f * g[stride];
    u[0] = g[0];
    u[1] = sum + half;
    u[2] = sum - half;
    u[3] = g[2 * stride];
  } else {
    u[0] = g[0];
    u[1] = g[0] + g[stride];
    u[2] = g[stride];
  }
}

// ---- weights -----------------------------------------------------------------------------------------------------

inline long transformed_size(long kernel, long out, long in) {
  long points = 0;
  for (const KernelPart& part : kernel_parts(kernel)) points += points_of(part);
  return points * out * in;
}

// (out, in, kernel, kernel) as [part][point][four output channels][in][four]. `transposed`: the kernel of the input's
// gradient, (in, out, kernel, kernel) turned by 180 degrees.
inline void transform_weights(const float* weight, int kernel, int out, int in, bool transposed, float* packed) {
  for (const KernelPart& part : kernel_parts(kernel)) {
    const int points = points_of(part), across = part.columns + 1;
    const Parts groups(out, MAX_OUT);
    for (int group = 0, o = 0; group < groups.count; o += groups.size(group), group++) {
      const int n = groups.size(group);
      for (int c = 0; c < in; c++)
        for (int k = 0; k < n; k++) {
          float g[9], half[12], u[MAX_POINTS];
          for (int a = 0; a < part.rows; a++)
            for (int b = 0; b < part.columns; b++) {
              const int at = (part.row + a) * kernel + part.column + b;
              g[a * part.columns + b] = transposed ? weight[((long)c * out + o + k) * kernel * kernel + kernel * kernel - 1 - at]
                                                   : weight[((long)(o + k) * in + c) * kernel * kernel + at];
            }
          for (int b = 0; b < part.columns; b++) {
            float column[4];
            weight_transform(part.rows, g + b, part.columns, column);
            for (int a = 0; a <= part.rows; a++) half[a * part.columns + b] = column[a];
          }
          for (int a = 0; a <= part.rows; a++) weight_transform(part.columns, half + a * part.columns, 1, u + a * across);
          for (int s = 0; s < points; s++) packed[((long)s * out + o) * in + (long)c * n + k] = u[s];
        }
    }
    packed += (long)points * out * in;
  }
}

// ---- the convolution ---------------------------------------------------------------------------------------------

struct Winograd {
  int kernel, in_channels, out_channels;
  long x_row, x_channel;
  long rows, columns;       // of the output, before pooling
  const float* weights;     // transformed
  Vec *v, *m, *sums;        // room: MAX_POINTS * in * TILES, MAX_POINTS * OUT_CHUNK * TILES, 4 * out * TILES

  long tiles_across() const { return (columns + 1) / 2; }
  long tiles() const { return (rows + 1) / 2 * tiles_across(); }
};

inline long winograd_room(long in, long out) { return MAX_POINTS * (in + OUT_CHUNK) * TILES + 4 * out * TILES; }

// Tiles first..first + count of all input channels: v[point][channel][tile].
template <int R, int S>
static NOINLINE void transform_tiles(const Winograd& w, const Vec* x, long first, int count) {
  const long across = w.tiles_across(), point = (long)w.in_channels * TILES;
  for (int c = 0; c < w.in_channels; c++, x += w.x_channel) {
    Vec* to = w.v + (long)c * TILES;
    Vec t[R + 1][S + 1] = {};
    for (int n = 0; n < count; n++) {
      const long ty = (first + n) / across, tx = (first + n) - ty * across;
      const Vec* from = x + 2 * ty * w.x_row + 2 * tx;
      auto column = [&](int b) {
        Vec d[R + 1], u[R + 1];
        UNROLL for (int a = 0; a <= R; a++) d[a] = from[a * w.x_row + b];
        input_transform<R>(d, u);
        UNROLL for (int a = 0; a <= R; a++) t[a][b] = u[a];
      };
      if (n > 0 && tx > 0) {
        UNROLL for (int a = 0; a <= R; a++) UNROLL for (int b = 0; b + 2 <= S; b++) t[a][b] = t[a][b + 2];
      } else {
        UNROLL for (int b = 0; b + 2 <= S; b++) column(b);
      }
      column(S - 1);
      column(S);
      UNROLL for (int a = 0; a <= R; a++) {
        Vec u[S + 1];
        input_transform<S>(t[a], u);
        UNROLL for (int b = 0; b <= S; b++) to[(a * (S + 1) + b) * point + n] = u[b];
      }
    }
  }
}

// m[o][n] = sum over channels of u[c][o] * v[c][n], OUT by COUNT in registers.
template <int OUT, int COUNT>
INLINE void multiply_tile(const float* u, const Vec* v, int channels, Vec* m) {
  Vec sum[OUT][COUNT] = {};
  for (int c = 0; c < channels; c++, u += OUT, v += TILES) {
    Vec b[COUNT];
    UNROLL for (int n = 0; n < COUNT; n++) b[n] = v[n];
    UNROLL for (int o = 0; o < OUT; o++) {
      const Vec f = splat(u[o]);
      UNROLL for (int n = 0; n < COUNT; n++) sum[o][n] += f * b[n];
    }
  }
  UNROLL for (int o = 0; o < OUT; o++) UNROLL for (int n = 0; n < COUNT; n++) m[o * TILES + n] = sum[o][n];
}

template <int OUT>
static NOINLINE void multiply_tiles(const float* u, const Vec* v, int channels, int count, Vec* m) {
  constexpr int MOST = ACCUMULATORS / MAX_OUT;
  const Parts parts(count, MOST);
  for (int part = 0; part < parts.count; part++) {
    const int n = parts.size(part);
    with_constant<MOST>(n, [&](auto number) { multiply_tile<OUT, decltype(number)::value>(u, v, channels, m); });
    v += n;
    m += n;
  }
}

// The four outputs of each tile of channels o..o + channels; `finish(o, n, outputs)` takes them.
template <int R, int S, class Finish>
INLINE void untransform(const Winograd& w, int channels, int count, Finish&& finish) {
  constexpr long POINT = OUT_CHUNK * TILES;
  for (int o = 0; o < channels; o++)
    for (int n = 0; n < count; n++) {
      const Vec* m = w.m + o * TILES + n;
      Vec half[2][S + 1], out[4];
      UNROLL for (int b = 0; b <= S; b++) {
        Vec column[R + 1];
        UNROLL for (int a = 0; a <= R; a++) column[a] = m[(a * (S + 1) + b) * POINT];
        output_transform<R>(column, half[0][b], half[1][b]);
      }
      output_transform<S>(half[0], out[0], out[1]);
      output_transform<S>(half[1], out[2], out[3]);
      finish(o, n, out);
    }
}

template <int R, int S, class Finish>
INLINE void winograd_part(const Winograd& w, const KernelPart& part, const float* weights, const Vec* x, long first,
                          int count, bool only, bool begins, bool ends, Finish&& finish) {
  transform_tiles<R, S>(w, x + part.row * w.x_row + part.column, first, count);
  constexpr int POINTS = (R + 1) * (S + 1);
  const Parts groups(w.out_channels, MAX_OUT);
  for (int group = 0, o = 0; group < groups.count;) {
    int taken = 0, next = group;
    for (; next < groups.count && taken + groups.size(next) <= OUT_CHUNK; next++) taken += groups.size(next);
    for (int s = 0; s < POINTS; s++)
      for (int g = group, k = o; g < next; k += groups.size(g), g++) {
        const float* u = weights + ((long)s * w.out_channels + k) * w.in_channels;
        Vec* m = w.m + ((long)s * OUT_CHUNK + k - o) * TILES;
        const Vec* v = w.v + (long)s * w.in_channels * TILES;
        with_constant<MAX_OUT>(groups.size(g), [&](auto out) {
          multiply_tiles<decltype(out)::value>(u, v, w.in_channels, count, m);
        });
      }
    untransform<R, S>(w, taken, count, [&](int c, int n, Vec (&out)[4]) {
      if (!only) {
        Vec* sum = w.sums + ((long)(o + c) * TILES + n) * 4;
        UNROLL for (int i = 0; i < 4; i++) {
          if (!begins) out[i] += sum[i];
          if (!ends) sum[i] = out[i];
        }
        if (!ends) return;
      }
      finish(o + c, first + n, out);
    });
    o += taken;
    group = next;
  }
}

// `finish(channel, tile, outputs)` gets every tile's four outputs, row-major.
template <class Finish>
inline void winograd(const Winograd& w, const Vec* x, Finish&& finish) {
  const std::vector<KernelPart> parts = kernel_parts(w.kernel);
  for (long first = 0; first < w.tiles(); first += TILES) {
    const int count = (int)std::min<long>(TILES, w.tiles() - first);
    const float* weights = w.weights;
    if (parts.size() == 1) {
      winograd_part<3, 3>(w, parts[0], weights, x, first, count, true, true, true, finish);
      continue;
    }
    auto next = [&](int i) { return weights += (long)points_of(parts[i]) * w.in_channels * w.out_channels; };
    winograd_part<3, 3>(w, parts[0], weights, x, first, count, false, true, false, finish);
    winograd_part<3, 2>(w, parts[1], next(0), x, first, count, false, false, false, finish);
    winograd_part<2, 3>(w, parts[2], next(1), x, first, count, false, false, false, finish);
    winograd_part<2, 2>(w, parts[3], next(2), x, first, count, false, false, true, finish);
  }
}

// y = conv(x) + bias, with relu where it is to rectify, or added to y; outputs beyond an odd edge are dropped.
inline void winograd_plain(const Winograd& w, const Vec* x, Vec* y, long y_channel, long y_row, const float* bias,
                           bool accumulate, bool rectify) {
  const long across = w.tiles_across();
  winograd(w, x, [&](int o, long tile, const Vec (&out)[4]) {
    const long i = 2 * (tile / across), j = 2 * (tile % across);
    const Vec b = splat(bias ? bias[o] : 0.0f);
    UNROLL for (int k = 0; k < 4; k++) {
      if (i + k / 2 >= w.rows || j + k % 2 >= w.columns) continue;
      Vec* to = y + o * y_channel + (i + k / 2) * y_row + j + k % 2;
      Vec value = out[k] + b;
      if (accumulate) value += *to;
      if (rectify) value = relu(value);
      *to = value;
    }
  });
}

// The largest of each tile and which it was; `rows` and `columns` of w are even.
inline void winograd_pooled(const Winograd& w, const Vec* x, Vec* y, long y_channel, long y_row, const float* bias,
                            bool rectify, Bytes* index) {
  const long across = w.tiles_across();
  winograd(w, x, [&](int o, long tile, const Vec (&out)[4]) {
    Int which;
    const long i = tile / across;
    Vec value = largest_of_four(out[0], out[1], out[2], out[3], which) + splat(bias ? bias[o] : 0.0f);
    if (rectify) value = relu(value);
    y[o * y_channel + i * y_row + tile - i * across] = value;
    if (index) index[o * w.tiles() + tile] = narrow(which);
  });
}

}  // namespace LANES_ISA
}  // namespace convscope
