// A 3x3 kernel of its own for each channel: what is loaded serves all the windows of a row that see it.
#pragma once
#include "convolution.h"

namespace convscope {
namespace LANES_ISA {

constexpr int WINDOWS = 4;  // of a row, in registers

// y[j] = bias + the nine taps at x[j * STRIDE], for `columns` windows of one row.
template <int STRIDE>
static NOINLINE void depthwise_row(const float* weight, float bias, bool rectify, const Vec* x, long x_row, long columns,
                                   Vec* y) {
  const Parts parts((int)columns, WINDOWS);
  Vec w[9];
  UNROLL for (int k = 0; k < 9; k++) w[k] = splat(weight[k]);
  for (int part = 0; part < parts.count; part++) {
    const int n = parts.size(part);
    with_constant<WINDOWS>(n, [&](auto count) {
      constexpr int COUNT = decltype(count)::value, ACROSS = (COUNT - 1) * STRIDE + 3;
      Vec sum[COUNT];
      UNROLL for (int p = 0; p < COUNT; p++) sum[p] = splat(bias);
      UNROLL for (int a = 0; a < 3; a++) {
        Vec v[ACROSS];
        UNROLL for (int b = 0; b < ACROSS; b++) v[b] = x[a * x_row + b];
        UNROLL for (int b = 0; b < 3; b++) UNROLL for (int p = 0; p < COUNT; p++) sum[p] += w[3 * a + b] * v[p * STRIDE + b];
      }
      UNROLL for (int p = 0; p < COUNT; p++) y[p] = rectify ? relu(sum[p]) : sum[p];
    });
    x += n * STRIDE;
    y += n;
  }
}

// Of one channel; `stride` is 1 or 2.
inline void depthwise(int stride, const float* weight, float bias, bool rectify, const Vec* x, long x_row, long rows,
                      long columns, Vec* y, long y_row) {
  for (long i = 0; i < rows; i++, x += stride * x_row, y += y_row) {
    if (stride == 1) depthwise_row<1>(weight, bias, rectify, x, x_row, columns, y);
    else depthwise_row<2>(weight, bias, rectify, x, x_row, columns, y);
  }
}

}  // namespace LANES_ISA
}  // namespace convscope
