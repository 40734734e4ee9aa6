// Winograd's transforms along one axis (Winograd 1980; Lavin & Gray 2016): OUTPUTS outputs of a kernel of KERNEL taps
// from OUTPUTS + KERNEL - 1 products. The points are 0, 1, -1, 2, -2 (as many as are needed) and infinity.
#pragma once
#include "lanes.h"

namespace convscope {
namespace LANES_ISA {

constexpr int MOST_POINTS = 6;  // along an axis

template <int OUTPUTS, int KERNEL>
INLINE void input_transform(const Vec (&d)[OUTPUTS + KERNEL - 1], Vec (&t)[OUTPUTS + KERNEL - 1]) {
  constexpr int POINTS = OUTPUTS + KERNEL - 1;
  static_assert(POINTS == 3 || POINTS == 4 || POINTS == 6);
  if constexpr (POINTS == 6) {
    const Vec even = d[4] - d[2], odd = d[3] - d[1];
    const Vec even_far = d[4] - 4.0f * d[2], odd_far = d[3] - 4.0f * d[1];
    t[0] = even + 4.0f * (d[0] - d[2]);
    t[1] = even_far + odd_far;
    t[2] = even_far - odd_far;
    t[3] = even + 2.0f * odd;
    t[4] = even - 2.0f * odd;
    t[5] = (d[5] - d[3]) - 4.0f * odd;
  } else if constexpr (POINTS == 4) {
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

template <int OUTPUTS, int KERNEL>
INLINE void output_transform(const Vec (&m)[OUTPUTS + KERNEL - 1], Vec (&y)[OUTPUTS]) {
  constexpr int POINTS = OUTPUTS + KERNEL - 1;
  if constexpr (POINTS == 6) {
    const Vec near = m[1] + m[2], turned = m[1] - m[2], far = m[3] + m[4], far_turned = m[3] - m[4];
    y[0] = m[0] + near + far;
    if constexpr (OUTPUTS == 4) {
      y[1] = turned + 2.0f * far_turned;
      y[2] = near + 4.0f * far;
      y[3] = turned + 8.0f * far_turned + m[5];
    } else {
      y[1] = turned + 2.0f * far_turned + m[5];
    }
  } else if constexpr (POINTS == 4) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
  } else {
    y[0] = m[0] + m[1];
    y[1] = m[1] - m[2];
  }
}

// Taps g[0], g[stride], ... of a kernel at the points, in double: it is done once for many pictures.
inline void weight_transform(int points, int kernel, const double* g, long stride, double* u) {
  if (points == 6) {
    const double at[4] = {1, -1, 2, -2};
    u[0] = g[0] / 4;
    for (int p = 0; p < 4; p++) {
      double value = 0, power = 1;
      for (int k = 0; k < kernel; k++, power *= at[p]) value += g[k * stride] * power;
      u[1 + p] = value / (p < 2 ? -6 : 24);
    }
    u[5] = g[(kernel - 1) * stride];
  } else if (points == 4) {
    const double sum = 0.5 * (g[0] + g[2 * stride]), half = 0.5 * g[stride];
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

}  // namespace LANES_ISA
}  // namespace convscope
