// Maximum and mean over windows, and the way back.
#pragma once
#include <algorithm>

#include "convolution.h"
#include "pointwise.h"

namespace convscope {
namespace LANES_ISA {

// The inputs of one window along one axis: first, first + step, ... below end; `number` counts from the first
// position of the whole window, also where that lies in the padding.
struct Span {
  long first, end, step, number, size;  // size: what a mean divides by
};

struct Axis {
  long input, output, kernel, stride, before, after, dilation;
  bool adaptive, count_padding;

  Span span(long i) const {
    if (adaptive) {
      const long first = i * input / output, end = ((i + 1) * input + output - 1) / output;
      return {first, end, 1, 0, end - first};
    }
    const long start = i * stride - before, stop = start + dilation * (kernel - 1) + 1;
    const long skipped = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const long first = start + skipped * dilation, end = std::min(stop, input);
    const long size = count_padding ? std::min(stop, input + after) - start : end - first;
    return {first, end, dilation, skipped, size};
  }
};

inline Axis rows_of(const Step& s, const Tensor& x, const Tensor& y) {
  return {x.height, y.height, s.kernel_height, s.stride_height, s.pad_top, s.pad_bottom, s.dilation_height, s.adaptive,
          s.count_padding};
}
inline Axis columns_of(const Step& s, const Tensor& x, const Tensor& y) {
  return {x.width, y.width, s.kernel_width, s.stride_width, s.pad_left, s.pad_right, s.dilation_width, s.adaptive,
          s.count_padding};
}

// function(channel, i, j, its rows, its columns) for every window, row-major.
template <class Function>
INLINE void each_window(long channels, const Axis& rows, const Axis& columns, Function&& function) {
  for (long c = 0; c < channels; c++)
    for (long i = 0; i < rows.output; i++) {
      const Span r = rows.span(i);
      for (long j = 0; j < columns.output; j++) function(c, i, j, r, columns.span(j));
    }
}

// function(row, column, its number in the whole window) for every input of one window, row-major.
template <class Function>
INLINE void each_input(const Axis& columns, const Span& rows, const Span& across, Function&& function) {
  const long width = columns.adaptive ? across.end - across.first : columns.kernel;
  for (long a = rows.first, m = rows.number; a < rows.end; a += rows.step, m++)
    for (long b = across.first, n = across.number; b < across.end; b += across.step, n++)
      function(a, b, m * width + n);
}

// The first maximum wins; `index` (may be null) gets its number in the window, row-major.
inline void max_pool(const Axis& rows, const Axis& columns, const View& x, const View& y, Bytes* index) {
  each_window(y.shape->channels, rows, columns, [&](long c, long i, long j, const Span& r, const Span& k) {
    Vec best = splat(-__builtin_inff());
    Int which = {};
    bool none = true;
    each_input(columns, r, k, [&](long a, long b, long number) {
      const Vec value = x.row(c, a)[b];
      const Int wins = (value > best) | (none ? splat_int(-1) : Int{});
      best = select(wins, value, best);
      which = wins ? splat_int((int32_t)number) : which;
      none = false;
    });
    y.row(c, i)[j] = best;
    if (index) *index++ = narrow(which);
  });
}

inline void clear(const View& v) {
  each_row(v, [&](long c, long i) { std::memset((void*)v.row(c, i), 0, sizeof(Vec) * v.shape->width); });
}

// gx (+)= gy where the maximum was, times the slope of the activation whose output y is.
inline void max_pool_input(const Axis& rows, const Axis& columns, Activation a, float slope, const View& y,
                           const View& gy, const Bytes* index, const View& gx, bool add) {
  if (!add) clear(gx);
  with_activation(a, [&](auto kind) {
    const Bytes* at = index;
    each_window(gy.shape->channels, rows, columns, [&](long c, long i, long j, const Span& r, const Span& k) {
      const Vec out = y.row(c, i)[j];
      const Vec g = gy.row(c, i)[j] * derivative<decltype(kind)::value>(out, out, slope);
      const Int which = widen(*at++);
      each_input(columns, r, k, [&](long p, long q, long number) {
        gx.row(c, p)[q] += keep(which == splat_int((int32_t)number), g);
      });
    });
  });
}

// The same for windows of 2x2 side by side: every position is written once.
inline void max_pool_2x2_input(Activation a, float slope, const View& y, const View& gy, const Bytes* index,
                               const View& gx) {
  const long height = gy.shape->height, width = gy.shape->width;
  with_activation(a, [&](auto kind) {
    const Bytes* at = index;
    for (long c = 0; c < gy.shape->channels; c++) {
      for (long i = 0; i < height; i++) {
        Vec *above = gx.row(c, 2 * i), *below = gx.row(c, 2 * i + 1);
        const Vec *g = gy.row(c, i), *out = y.row(c, i);
        for (long j = 0; j < width; j++) {
          const Vec value = g[j] * derivative<decltype(kind)::value>(out[j], out[j], slope);
          const Int which = widen(*at++);
          above[2 * j] = keep(which == splat_int(0), value);
          above[2 * j + 1] = keep(which == splat_int(1), value);
          below[2 * j] = keep(which == splat_int(2), value);
          below[2 * j + 1] = keep(which == splat_int(3), value);
        }
        for (long j = 2 * width; j < gx.shape->width; j++) above[j] = below[j] = Vec{};
      }
      for (long i = 2 * height; i < gx.shape->height; i++)
        for (long j = 0; j < gx.shape->width; j++) gx.row(c, i)[j] = Vec{};
    }
  });
}

inline void average_pool(const Axis& rows, const Axis& columns, const View& x, const View& y) {
  each_window(y.shape->channels, rows, columns, [&](long c, long i, long j, const Span& r, const Span& k) {
    Vec sum = {};
    each_input(columns, r, k, [&](long a, long b, long) { sum += x.row(c, a)[b]; });
    y.row(c, i)[j] = sum / (float)(r.size * k.size);
  });
}

inline void average_pool_input(const Axis& rows, const Axis& columns, const View& gy, const View& gx, bool add) {
  if (!add) clear(gx);
  each_window(gy.shape->channels, rows, columns, [&](long c, long i, long j, const Span& r, const Span& k) {
    const Vec g = gy.row(c, i)[j] / (float)(r.size * k.size);
    each_input(columns, r, k, [&](long a, long b, long) { gx.row(c, a)[b] += g; });
  });
}

}  // namespace LANES_ISA
}  // namespace convscope
