// Operations that treat every number alike: activations and their slopes, sums, products, dropout.
#pragma once
#include "plan.h"
#include "vector_math.h"

namespace convscope {
namespace LANES_ISA {

// A tensor and where its interior begins in memory.
struct View {
  const Tensor* shape;
  Vec* at;
  Vec* row(long channel, long i) const { return at + channel * shape->channel() + i * shape->row(); }
};

template <class Function>
INLINE void each_row(const View& like, Function&& function) {
  for (long c = 0; c < like.shape->channels; c++)
    for (long i = 0; i < like.shape->height; i++) function(c, i);
}

// function(j) gives element j of a row, for all rows of y; added to what is there where `add`.
template <class Row>
INLINE void fill_rows(const View& y, bool add, Row&& row_of) {
  each_row(y, [&](long c, long i) {
    auto element = row_of(c, i);
    Vec* to = y.row(c, i);
    const long width = y.shape->width;
    if (add) for (long j = 0; j < width; j++) to[j] += element(j);
    else for (long j = 0; j < width; j++) to[j] = element(j);
  });
}

// y (+)= a * b
inline void multiply(const View& a, const View& b, const View& y, bool add) {
  fill_rows(y, add, [&](long c, long i) {
    const Vec *u = a.row(c, i), *v = b.row(c, i);
    return [=](long j) { return u[j] * v[j]; };
  });
}

template <Activation A>
INLINE Vec activate(Vec x, float slope) {
  if constexpr (A == Activation::relu) return relu(x);
  if constexpr (A == Activation::leaky_relu) return select(x < Vec{}, x * slope, x);
  if constexpr (A == Activation::relu6) return smaller(splat(6.0f), relu(x));
  if constexpr (A == Activation::tanh) return hyperbolic_tangent(x);
  if constexpr (A == Activation::sigmoid) return sigmoid(x);
  if constexpr (A == Activation::silu) return x * sigmoid(x);
  if constexpr (A == Activation::gelu) return 0.5f * x * (1.0f + error_function(x * 0.70710678118654752f));
  if constexpr (A == Activation::gelu_tanh)
    return 0.5f * x * (1.0f + hyperbolic_tangent(0.79788456080286536f * (x + 0.044715f * x * x * x)));
  if constexpr (A == Activation::elu) return select(x < Vec{}, slope * (exponential(x) - 1.0f), x);
  return x;
}

// The derivative, from the input x where only that tells it, else from the output y. Where a pass ends with the
// activation only y is known and comes as x too; a leaky ReLU does so if its slope, and so the sign, is positive.
template <Activation A>
INLINE Vec derivative(Vec x, Vec y, float slope) {
  const Vec one = splat(1.0f);
  if constexpr (A == Activation::relu) return keep(y > Vec{}, one);
  if constexpr (A == Activation::leaky_relu) return select(x > Vec{}, one, splat(slope));
  if constexpr (A == Activation::relu6) return keep((y > Vec{}) & (y < splat(6.0f)), one);
  if constexpr (A == Activation::tanh) return 1.0f - y * y;
  if constexpr (A == Activation::sigmoid) return y * (1.0f - y);
  if constexpr (A == Activation::silu) { Vec s = sigmoid(x); return s * (1.0f + x * (1.0f - s)); }
  if constexpr (A == Activation::gelu)
    return 0.5f * (1.0f + error_function(x * 0.70710678118654752f)) +
           x * 0.39894228040143268f * exponential(-0.5f * x * x);
  if constexpr (A == Activation::gelu_tanh) {
    Vec t = hyperbolic_tangent(0.79788456080286536f * (x + 0.044715f * x * x * x));
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.79788456080286536f * (1.0f + 0.134145f * x * x);
  }
  if constexpr (A == Activation::elu) return select(x > Vec{}, one, slope * exponential(x));
  return one;
}

// Calls `function` with the activation as a template argument.
template <class Function>
INLINE void with_activation(Activation a, Function&& function) {
  switch (a) {
#define CASE(name) case Activation::name: function(std::integral_constant<Activation, Activation::name>{}); break;
    CASE(none) CASE(relu) CASE(leaky_relu) CASE(relu6) CASE(tanh) CASE(sigmoid) CASE(silu) CASE(gelu) CASE(gelu_tanh)
    CASE(elu)
#undef CASE
  }
}

inline void activation(Activation a, float slope, const View& x, const View& y) {
  with_activation(a, [&](auto kind) {
    fill_rows(y, false, [&](long c, long i) {
      const Vec* from = x.row(c, i);
      return [=](long j) { return activate<decltype(kind)::value>(from[j], slope); };
    });
  });
}

// gx (+)= gy * derivative; x and y may be the same where one is not needed, gx may be gy.
inline void activation_input(Activation a, float slope, const View& x, const View& y, const View& gy, const View& gx,
                             bool add) {
  with_activation(a, [&](auto kind) {
    fill_rows(gx, add, [&](long c, long i) {
      const Vec *in = x.row(c, i), *out = y.row(c, i), *g = gy.row(c, i);
      return [=](long j) { return g[j] * derivative<decltype(kind)::value>(in[j], out[j], slope); };
    });
  });
}

// A random 32-bit number per lane that depends on (key, picture in the batch, element) alone: two rounds of
// multiplication and xor-shift (the constants of C. Wellons' "lowbias32", 2018).
INLINE Int hash(Int x) {
  typedef uint32_t Unsigned __attribute__((vector_size(4 * LANES)));
  Unsigned h = (Unsigned)x;
  h ^= h >> 16;
  h *= 0x7feb352du;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  h ^= h >> 16;
  return (Int)h;
}

struct Dropout {
  float p;
  bool whole_channels;
  uint32_t key;        // of (seed, step, layer)
  int first_picture;   // of the block
};

// y (+)= x / (1 - p) with probability 1 - p, else 0: the same numbers forward and backward.
inline void dropout(const Dropout& d, const View& x, const View& y, bool add) {
  Int picture;
  for (int i = 0; i < LANES; i++) picture[i] = d.first_picture + i;
  const Int lane_key = hash(picture + splat_int((int32_t)d.key));
  const float scale = d.p < 1.0f ? 1.0f / (1.0f - d.p) : 0.0f;
  const Int threshold = splat_int((int32_t)(d.p * 16777216.0));  // of 24 bits
  const long height = x.shape->height, width = x.shape->width;
  fill_rows(y, add, [&](long c, long i) {
    const Vec* from = x.row(c, i);
    const int32_t first = (int32_t)(d.whole_channels ? c : (c * height + i) * width);
    const bool whole = d.whole_channels;
    return [=](long j) {
      const Int number = hash(lane_key ^ splat_int((first + (whole ? 0 : (int32_t)j)) * (int32_t)0x9e3779b9));
      return keep((number & 0xffffff) >= threshold, from[j] * scale);
    };
  });
}

}  // namespace LANES_ISA
}  // namespace convscope
