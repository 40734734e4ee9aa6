// Convolution with fewer multiplications (Winograd 1980; Lavin & Gray 2016): F(MxM, RxS) gives MxM outputs of an RxS
// kernel from (M+R-1)(M+S-1) products instead of MMRS. With 4 points along an axis a 3x3 kernel takes 16 for 36, and a
// 5x5 one is cut into 3x3, 3x2, 2x3 and 2x2 parts and takes 49 for 100; their transforms are additions, with factors
// of 1/2 on the weights alone, so that little accuracy is lost. With 6 points a 3x3 kernel takes 36 for 144 and a 5x5
// one 36 for 100; they round a few bits more, so that only the forward pass alone uses them.
#pragma once
#include "convolution.h"
#include "winograd_transforms.h"

namespace convscope {
namespace LANES_ISA {

constexpr int TILE_STEP = ACCUMULATORS / MAX_OUT;     // tiles in registers
constexpr int MOST_TILES = 4 * TILE_STEP;             // transformed at a time
constexpr int OUT_CHUNK = 2 * MAX_OUT;                // channels between two output transforms
constexpr long TRANSFORMED_BYTES = 320 << 10;         // of the tiles at a time: they stay in a second-level cache

struct KernelPart { int row, column, rows, columns; };  // of the kernel

// How a kernel is computed: tiles of outputs x outputs, its parts one after the other.
struct WinogradForm {
  int kernel, points;  // along an axis

  int outputs() const { return points == 6 ? 7 - kernel : 2; }

  std::vector<KernelPart> parts() const {
    if (points == 6 || kernel == 3) return {{0, 0, kernel, kernel}};
    return {{0, 0, 3, 3}, {0, 3, 3, 2}, {3, 0, 2, 3}, {3, 3, 2, 2}};  // 5
  }

  int points_of(const KernelPart& part) const { return (outputs() + part.rows - 1) * (outputs() + part.columns - 1); }

  // A part transforms so many tiles of `in` channels at a time.
  int tiles_at_once(long in) const {
    const long bytes = points * points * (in + OUT_CHUNK) * (long)sizeof(Vec);
    return (int)std::clamp<long>(TRANSFORMED_BYTES / bytes / TILE_STEP * TILE_STEP, TILE_STEP, MOST_TILES);
  }
};

// Vectors from a point of some channels' tiles to the next point: odd, so that they do not meet in one set of a cache.
inline long point_stride(long channels, long tiles) { return channels * tiles | 1; }

// ---- weights -----------------------------------------------------------------------------------------------------

inline long transformed_size(const WinogradForm& form, long out, long in) {
  long points = 0;
  for (const KernelPart& part : form.parts()) points += form.points_of(part);
  return points * out * in;
}

// (out, in, kernel, kernel) as [part][point][MAX_OUT output channels][in][MAX_OUT]. `transposed`: the kernel of the
// input's gradient, (in, out, kernel, kernel) turned by 180 degrees.
inline void transform_weights(const WinogradForm& form, const float* weight, int out, int in, bool transposed,
                              float* packed) {
  const int kernel = form.kernel;
  for (const KernelPart& part : form.parts()) {
    const int down = form.outputs() + part.rows - 1, across = form.outputs() + part.columns - 1;
    const Parts groups(out, MAX_OUT);
    for (int group = 0, o = 0; group < groups.count; o += groups.size(group), group++) {
      const int n = groups.size(group);
      for (int c = 0; c < in; c++)
        for (int k = 0; k < n; k++) {
          double g[25], half[MOST_POINTS * 5], u[MOST_POINTS];
          for (int a = 0; a < part.rows; a++)
            for (int b = 0; b < part.columns; b++) {
              const int at = (part.row + a) * kernel + part.column + b;
              g[a * part.columns + b] = transposed ? weight[((long)c * out + o + k) * kernel * kernel + kernel * kernel - 1 - at]
                                                   : weight[((long)(o + k) * in + c) * kernel * kernel + at];
            }
          for (int b = 0; b < part.columns; b++) {
            double column[MOST_POINTS];
            weight_transform(down, part.rows, g + b, part.columns, column);
            for (int a = 0; a < down; a++) half[a * part.columns + b] = column[a];
          }
          for (int a = 0; a < down; a++) {
            weight_transform(across, part.columns, half + a * part.columns, 1, u);
            for (int b = 0; b < across; b++)
              packed[((long)(a * across + b) * out + o) * in + (long)c * n + k] = (float)u[b];
          }
        }
    }
    packed += (long)down * across * out * in;
  }
}

// ---- the convolution ---------------------------------------------------------------------------------------------

struct Winograd {
  WinogradForm form;
  int in_channels, out_channels;
  long x_row, x_channel, x_block;
  long blocks, rows, columns;  // of the output, before pooling
  const float* weights;        // transformed
  Vec* room;                   // winograd_room

  int tiles_at_once() const { return form.tiles_at_once(in_channels); }
  long tiles_across() const { return (columns + form.outputs() - 1) / form.outputs(); }
  long tiles_of_block() const { return (rows + form.outputs() - 1) / form.outputs() * tiles_across(); }
  long v_point() const { return point_stride(in_channels, tiles_at_once()); }
  long m_point() const { return point_stride(OUT_CHUNK, tiles_at_once()); }
  Vec* v() const { return room; }                                                    // [point][in][tile]
  Vec* m() const { return v() + form.points * form.points * v_point(); }             // [point][OUT_CHUNK][tile]
  Vec* sums() const { return m() + form.points * form.points * m_point(); }          // [out][tile][outputs]
};

inline long winograd_room(const WinogradForm& form, long in, long out) {
  const long tiles = form.tiles_at_once(in), points = form.points * form.points;
  const long sums = form.parts().size() > 1 ? form.outputs() * form.outputs() * out * tiles : 0;
  return points * (point_stride(in, tiles) + point_stride(OUT_CHUNK, tiles)) + sums;
}

struct Tile {
  long block, row, column;  // where its outputs begin
  long from;                // where its window begins in x
  bool follows;             // it lies to the right of the tile before
};

// v[point][channel][tile] of all input channels.
template <int M, int R, int S>
static NOINLINE void transform_tiles(const Winograd& w, const Vec* x, const Tile* tiles, int count) {
  constexpr int DOWN = M + R - 1, ACROSS = M + S - 1;
  const long point = w.v_point(), at_once = w.tiles_at_once();
  for (int c = 0; c < w.in_channels; c++, x += w.x_channel) {
    Vec* to = w.v() + c * at_once;
    Vec t[DOWN][ACROSS] = {};
    for (int n = 0; n < count; n++) {
      const Vec* from = x + tiles[n].from;
      auto column = [&](int b) {
        Vec d[DOWN], u[DOWN];
        UNROLL for (int a = 0; a < DOWN; a++) d[a] = from[a * w.x_row + b];
        input_transform<M, R>(d, u);
        UNROLL for (int a = 0; a < DOWN; a++) t[a][b] = u[a];
      };
      if (tiles[n].follows) {
        UNROLL for (int a = 0; a < DOWN; a++) UNROLL for (int b = 0; b < S - 1; b++) t[a][b] = t[a][b + M];
      } else {
        UNROLL for (int b = 0; b < S - 1; b++) column(b);
      }
      UNROLL for (int b = S - 1; b < ACROSS; b++) column(b);
      UNROLL for (int a = 0; a < DOWN; a++) {
        Vec u[ACROSS];
        input_transform<M, S>(t[a], u);
        UNROLL for (int b = 0; b < ACROSS; b++) to[(a * ACROSS + b) * point + n] = u[b];
      }
    }
  }
}

// m[o][n] = sum over channels of u[c][o] * v[c][n], OUT by COUNT in registers; `row` vectors from one channel to the next.
template <int OUT, int COUNT>
INLINE void multiply_tile(const float* u, const Vec* v, int channels, long row, Vec* m) {
  Vec sum[OUT][COUNT] = {};
  for (int c = 0; c < channels; c++, u += OUT, v += row) {
    Vec b[COUNT];
    UNROLL for (int n = 0; n < COUNT; n++) b[n] = v[n];
    UNROLL for (int o = 0; o < OUT; o++) {
      const Vec f = splat(u[o]);
      UNROLL for (int n = 0; n < COUNT; n++) sum[o][n] += f * b[n];
    }
  }
  UNROLL for (int o = 0; o < OUT; o++) UNROLL for (int n = 0; n < COUNT; n++) m[o * row + n] = sum[o][n];
}

template <int OUT>
static NOINLINE void multiply_tiles(const float* u, const Vec* v, int channels, int count, long row, Vec* m) {
  const Parts parts(count, TILE_STEP);
  for (int part = 0; part < parts.count; part++) {
    const int n = parts.size(part);
    with_constant<TILE_STEP>(n, [&](auto number) { multiply_tile<OUT, decltype(number)::value>(u, v, channels, row, m); });
    v += n;
    m += n;
  }
}

// The outputs of each tile of the channels in m; `finish(channel, tile, outputs)` takes them.
template <int M, int R, int S, class Finish>
INLINE void untransform(const Winograd& w, int channels, int count, Finish&& finish) {
  constexpr int DOWN = M + R - 1, ACROSS = M + S - 1;
  const long point = w.m_point(), at_once = w.tiles_at_once();
  for (int o = 0; o < channels; o++)
    for (int n = 0; n < count; n++) {
      const Vec* m = w.m() + o * at_once + n;
      Vec half[M][ACROSS], out[M * M];
      UNROLL for (int b = 0; b < ACROSS; b++) {
        Vec column[DOWN], y[M];
        UNROLL for (int a = 0; a < DOWN; a++) column[a] = m[(a * ACROSS + b) * point];
        output_transform<M, R>(column, y);
        UNROLL for (int a = 0; a < M; a++) half[a][b] = y[a];
      }
      UNROLL for (int a = 0; a < M; a++) {
        Vec y[M];
        output_transform<M, S>(half[a], y);
        UNROLL for (int b = 0; b < M; b++) out[a * M + b] = y[b];
      }
      finish(o, n, out);
    }
}

template <int M, int R, int S, class Finish>
INLINE void winograd_part(const Winograd& w, const KernelPart& part, const float* weights, const Vec* x,
                          const Tile* tiles, int count, bool only, bool begins, bool ends, Finish&& finish) {
  transform_tiles<M, R, S>(w, x + part.row * w.x_row + part.column, tiles, count);
  constexpr int POINTS = (M + R - 1) * (M + S - 1);
  const long row = w.tiles_at_once();
  const Parts groups(w.out_channels, MAX_OUT);
  for (int group = 0, o = 0; group < groups.count;) {
    int taken = 0, next = group;
    for (; next < groups.count && taken + groups.size(next) <= OUT_CHUNK; next++) taken += groups.size(next);
    for (int s = 0; s < POINTS; s++)
      for (int g = group, k = o; g < next; k += groups.size(g), g++) {
        const float* u = weights + ((long)s * w.out_channels + k) * w.in_channels;
        Vec* m = w.m() + s * w.m_point() + (k - o) * row;
        const Vec* v = w.v() + s * w.v_point();
        with_constant<MAX_OUT>(groups.size(g), [&](auto out) {
          multiply_tiles<decltype(out)::value>(u, v, w.in_channels, count, row, m);
        });
      }
    untransform<M, R, S>(w, taken, count, [&](int c, int n, Vec (&out)[M * M]) {
      if (!only) {
        Vec* sum = w.sums() + ((o + c) * row + n) * M * M;
        UNROLL for (int i = 0; i < M * M; i++) {
          if (!begins) out[i] += sum[i];
          if (!ends) sum[i] = out[i];
        }
        if (!ends) return;
      }
      finish(o + c, tiles[n], out);
    });
    o += taken;
    group = next;
  }
}

// `finish(channel, tile, outputs)` gets every tile's outputs, row-major.
template <class Finish>
inline void winograd(const Winograd& w, const Vec* x, Finish&& finish) {
  const std::vector<KernelPart> parts = w.form.parts();
  const long across = w.tiles_across(), of_block = w.tiles_of_block(), side = w.form.outputs();
  const Parts chunks((int)(w.blocks * of_block), w.tiles_at_once());
  Tile tiles[MOST_TILES];
  long first = 0;
  for (int chunk = 0; chunk < chunks.count; chunk++) {
    const int count = chunks.size(chunk);
    for (int n = 0; n < count; n++, first++) {
      const long block = first / of_block, row = (first - block * of_block) / across;
      const long column = first - block * of_block - row * across;
      tiles[n] = {block, side * row, side * column, block * w.x_block + side * (row * w.x_row + column),
                  n > 0 && column > 0};
    }
    const float* weights = w.weights;
    if (w.form.points == 6) {
      if (w.form.kernel == 3) winograd_part<4, 3, 3>(w, parts[0], weights, x, tiles, count, true, true, true, finish);
      else winograd_part<2, 5, 5>(w, parts[0], weights, x, tiles, count, true, true, true, finish);
      continue;
    }
    if (parts.size() == 1) {
      winograd_part<2, 3, 3>(w, parts[0], weights, x, tiles, count, true, true, true, finish);
      continue;
    }
    auto next = [&](int i) { return weights += (long)w.form.points_of(parts[i]) * w.in_channels * w.out_channels; };
    winograd_part<2, 3, 3>(w, parts[0], weights, x, tiles, count, false, true, false, finish);
    winograd_part<2, 3, 2>(w, parts[1], next(0), x, tiles, count, false, false, false, finish);
    winograd_part<2, 2, 3>(w, parts[2], next(1), x, tiles, count, false, false, false, finish);
    winograd_part<2, 2, 2>(w, parts[3], next(2), x, tiles, count, false, false, true, finish);
  }
}

template <int COUNT>
constexpr int side_of() { return COUNT == 16 ? 4 : 2; }

// y = conv(x) + bias, with relu where it is to rectify, or added to y; outputs beyond the edge are dropped.
inline void winograd_plain(const Winograd& w, const Vec* x, Vec* y, long y_block, long y_channel, long y_row,
                           const float* bias, bool accumulate, bool rectify) {
  winograd(w, x, [&](int o, const Tile& tile, const auto& out) {
    constexpr int M = side_of<sizeof(out) / sizeof(Vec)>();
    const Vec b = splat(bias ? bias[o] : 0.0f);
    Vec* first = y + tile.block * y_block + o * y_channel + tile.row * y_row + tile.column;
    UNROLL for (int k = 0; k < M * M; k++) {
      if (tile.row + k / M >= w.rows || tile.column + k % M >= w.columns) continue;
      Vec* to = first + k / M * y_row + k % M;
      Vec value = out[k] + b;
      if (accumulate) value += *to;
      if (rectify) value = relu(value);
      *to = value;
    }
  });
}

// The largest of each 2x2 and which it was; `rows` and `columns` of w are even.
inline void winograd_pooled(const Winograd& w, const Vec* x, Vec* y, long y_block, long y_channel, long y_row,
                            const float* bias, bool rectify, Bytes* index) {
  const long across = w.columns / 2, plane = w.rows / 2 * across;
  winograd(w, x, [&](int o, const Tile& tile, const auto& out) {
    constexpr int M = side_of<sizeof(out) / sizeof(Vec)>();
    const Vec b = splat(bias ? bias[o] : 0.0f);
    UNROLL for (int k = 0; k < M * M / 4; k++) {
      const int a = 2 * (k / (M / 2)), d = 2 * (k % (M / 2)), at = a * M + d;
      if (tile.row + a >= w.rows || tile.column + d >= w.columns) continue;
      Int which;
      Vec value = largest_of_four(out[at], out[at + 1], out[at + M], out[at + M + 1], which) + b;
      if (rectify) value = relu(value);
      const long i = (tile.row + a) / 2, j = (tile.column + d) / 2;
      y[tile.block * y_block + o * y_channel + i * y_row + j] = value;
      if (index) index[o * plane + i * across + j] = narrow(which);
    }
  });
}

}  // namespace LANES_ISA
}  // namespace convscope
