// Exponential, hyperbolic tangent and error function of a whole vector, within a few units in the last place.
#pragma once
#include "lanes.h"

namespace convscope {
namespace LANES_ISA {

// exp(x) = 2^n exp(r), |r| <= ln(2) / 2; the polynomial and the split of ln 2 are those of Cephes' expf.
INLINE Vec exponential(Vec x) {
  Int nan = x != x;
  Vec clamped = smaller(larger(x, splat(-87.0f)), splat(88.0f));
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  Vec n = (clamped * 1.44269504088896341f + magic) - magic;
  Vec r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vec y = splat(1.9875691500e-4f);
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1.0f;
  Int power = (__builtin_convertvector(n, Int) + 127) << 23;
  return select(nan, x, y * (Vec)power);
}

INLINE Vec sigmoid(Vec x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE Vec absolute(Vec x) { return (Vec)((Int)x & 0x7fffffff); }
INLINE Vec with_sign_of(Vec sign, Vec x) { return (Vec)((Int)x | ((Int)sign & (int32_t)0x80000000)); }

// A polynomial near 0, 1 - 2 / (exp(2|x|) + 1) elsewhere; coefficients of Cephes' tanhf.
INLINE Vec hyperbolic_tangent(Vec x) {
  Vec a = absolute(x), z = x * x;
  Vec small = splat(-5.70498872745e-3f);
  small = small * z + 2.06390887954e-2f;
  small = small * z - 5.37397155531e-2f;
  small = small * z + 1.33314422036e-1f;
  small = small * z - 3.33332819422e-1f;
  small = small * z * x + x;
  Vec large = 1.0f - 2.0f / (exponential(2.0f * a) + 1.0f);
  return select(a < splat(0.625f), small, with_sign_of(x, large));
}

// Abramowitz & Stegun, Handbook of Mathematical Functions, 7.1.26: |error| <= 1.5e-7.
INLINE Vec error_function(Vec x) {
  Vec a = absolute(x);
  Vec t = 1.0f / (1.0f + 0.3275911f * a);
  Vec p = splat(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  return with_sign_of(x, 1.0f - p * t * exponential(-a * a));
}

}  // namespace LANES_ISA
}  // namespace convscope
