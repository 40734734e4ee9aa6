// One step of SGD, Adam or AdamW on a range of parameters, with PyTorch's arithmetic.
#pragma once
#include <cmath>

#include "plan.h"

namespace convscope {
namespace LANES_ISA {

struct Update {
  Rule rule;
  float rate, momentum, decay, gradient_factor;  // the factor clips
  bool nesterov;
  float beta2, one_minus_beta1, one_minus_beta2, step_size, correction, epsilon, keep_weight;

  // `step` counts from 1. 1 - beta and the corrections are taken in double: 1 - 0.999f is off by 1e-5.
  Update(const Optimizer& o, double rate_, int64_t step, double factor)
      : rule(o.rule), rate((float)rate_), momentum((float)o.beta1), decay((float)o.weight_decay),
        gradient_factor((float)factor), nesterov(o.nesterov), beta2((float)o.beta2),
        one_minus_beta1((float)(1 - o.beta1)), one_minus_beta2((float)(1 - o.beta2)),
        step_size((float)(rate_ / (1 - std::pow(o.beta1, (double)step)))),
        correction((float)std::sqrt(1 - std::pow(o.beta2, (double)step))), epsilon((float)o.epsilon),
        keep_weight((float)(1 - rate_ * o.weight_decay)) {}

  void apply(long begin, long end, float* __restrict p, const float* __restrict g, float* __restrict m,
             float* __restrict v) const {
    if (rule == Rule::sgd) {
      for (long i = begin; i < end; i++) {
        const float gradient = g[i] * gradient_factor + decay * p[i];
        m[i] = momentum * m[i] + gradient;
        p[i] -= rate * (nesterov ? gradient + momentum * m[i] : m[i]);
      }
      return;
    }
    const float coupled = rule == Rule::adam ? decay : 0.0f, shrink = rule == Rule::adamw ? keep_weight : 1.0f;
    for (long i = begin; i < end; i++) {
      const float gradient = g[i] * gradient_factor + coupled * p[i];
      m[i] += (gradient - m[i]) * one_minus_beta1;
      v[i] = beta2 * v[i] + one_minus_beta2 * gradient * gradient;
      p[i] = p[i] * shrink - step_size * m[i] / (__builtin_sqrtf(v[i]) / correction + epsilon);
    }
  }
};

}  // namespace LANES_ISA
}  // namespace convscope
