// Softmax, its logarithm, and cross-entropy with label smoothing and class weights, as PyTorch defines them, and with a
// weight for each picture: sum of w_i * l_i over sum of w_i * (weight of i's class), l_i PyTorch's unreduced loss.
#pragma once
#include <cmath>
#include <vector>

#include "vector_math.h"

namespace convscope {
namespace LANES_ISA {

// Over `count` vectors `stride` apart: y = exp(x) / sum(exp(x)), or its logarithm.
INLINE void softmax(const Vec* x, Vec* y, long count, long stride, bool logarithm) {
  Vec most = x[0], sum = {};
  for (long k = 1; k < count; k++) most = larger(most, x[k * stride]);
  for (long k = 0; k < count; k++) sum += exponential(x[k * stride] - most);
  if (logarithm) {
    Vec shift;
    for (int l = 0; l < LANES; l++) shift[l] = most[l] + std::log(sum[l]);
    for (long k = 0; k < count; k++) y[k * stride] = x[k * stride] - shift;
  } else {
    for (long k = 0; k < count; k++) y[k * stride] = exponential(x[k * stride] - most) / sum;
  }
}

// gx (+)= the gradient through either, from its output y.
INLINE void softmax_input(const Vec* y, const Vec* gy, Vec* gx, long count, bool logarithm, bool add) {
  Vec sum = {};
  for (long k = 0; k < count; k++) sum += logarithm ? gy[k] : gy[k] * y[k];
  for (long k = 0; k < count; k++) {
    const Vec g = logarithm ? gy[k] - exponential(y[k]) * sum : y[k] * (gy[k] - sum);
    gx[k] = add ? gx[k] + g : g;
  }
}

struct LossSettings {
  float smoothing;
  const float* class_weights;  // or null
  double divisor;              // of the batch: pictures, or the sum of their own times their classes' weights

  float weight(long label) const { return class_weights ? class_weights[label] : 1.0f; }
};

// One block: writes the gradient of the batch's loss, zero in empty lanes; returns the block's share of the loss
// and adds the pictures whose largest output (the first among equals) is their label. `weight` is each picture's, 0 in
// empty lanes.
inline double cross_entropy(const LossSettings& s, const Vec* logits, const int64_t* labels, const Vec& weight,
                            int valid, long classes, Vec* gradient, int64_t& correct) {
  Vec most = logits[0], sum = {};
  Int guess = {};
  for (long k = 1; k < classes; k++) {
    const Int wins = logits[k] > most;
    guess = wins ? splat_int((int32_t)k) : guess;
    most = select(wins, logits[k], most);
  }
  for (long k = 0; k < classes; k++) {
    gradient[k] = exponential(logits[k] - most);
    sum += gradient[k];
  }
  // d loss / d logit_k = w * ((total weight of the targets) * softmax_k - weight of target k), all over the divisor
  double loss = 0;
  const double even = s.smoothing / classes;
  double all_weights = 0;
  for (long k = 0; k < classes; k++) all_weights += s.weight(k);
  Vec factor = {};
  for (int l = 0; l < valid; l++) {
    const long label = labels[l];
    const double log_sum = std::log((double)sum[l]) + most[l];
    const double own = (1 - (double)s.smoothing) * s.weight(label);
    loss += weight[l] * own * (log_sum - logits[label][l]);
    if (even > 0)
      for (long k = 0; k < classes; k++)
        loss += weight[l] * even * s.weight(k) * (log_sum - logits[k][l]);
    factor[l] = (float)(weight[l] * (own + even * all_weights) / s.divisor / sum[l]);
    correct += guess[l] == label;
  }
  for (long k = 0; k < classes; k++) {
    gradient[k] *= factor;
    if (even > 0) gradient[k] -= weight * splat((float)(even * s.weight(k) / s.divisor));
  }
  // A picture's gradients sum to 0: its label's, which loses its digits where it is right and certain, is what
  // the others leave.
  Int own_class = splat_int(-1);
  for (int l = 0; l < valid; l++) own_class[l] = (int32_t)labels[l];
  Vec others = {};
  for (long k = 0; k < classes; k++) others += keep(own_class != splat_int((int32_t)k), gradient[k]);
  for (int l = 0; l < valid; l++) gradient[labels[l]][l] = -others[l];
  return loss / s.divisor;
}

}  // namespace LANES_ISA
}  // namespace convscope
