// Batch normalisation (Ioffe & Szegedy 2015). The statistics of a batch are those of its blocks put together:
// each block gives mean and squared deviations about that mean, which are combined in order (Chan et al. 1979).
#pragma once
#include <cmath>
#include <vector>

#include "pooling.h"

namespace convscope {
namespace LANES_ISA {

struct Moments { double mean, squares; };  // squares: sum of squared deviations from the mean
struct Sums { double gradient, product; };

struct Norm {
  std::vector<float> mean, deviation_inverse;       // of the batch
  std::vector<float> scale, shift;                  // y = (x - mean) * scale + shift
  std::vector<float> constant, per_deviation;       // gx = scale * g + constant + per_deviation * (x - mean)
  std::vector<std::vector<Moments>> moments;        // per block
  std::vector<std::vector<Sums>> sums;
};

// Over the first `valid` lanes of one block.
inline void block_moments(const View& x, int valid, std::vector<Moments>& out) {
  const Int mask = first_lanes(valid);
  const double count = (double)valid * x.shape->height * x.shape->width;
  out.resize(x.shape->channels);
  for (long c = 0; c < x.shape->channels; c++) {
    Vec total = {};
    for (long i = 0; i < x.shape->height; i++) {
      const Vec* row = x.row(c, i);
      for (long j = 0; j < x.shape->width; j++) total += row[j];
    }
    double sum = 0;
    for (int l = 0; l < valid; l++) sum += total[l];
    const float mean = (float)(sum / count);
    Vec squares = {}, rest = {};
    for (long i = 0; i < x.shape->height; i++) {
      const Vec* row = x.row(c, i);
      for (long j = 0; j < x.shape->width; j++) {
        const Vec d = row[j] - mean;
        squares += d * d;
        rest += d;
      }
    }
    squares = keep(mask, squares);
    rest = keep(mask, rest);
    double sum_of_squares = 0, left = 0;
    for (int l = 0; l < LANES; l++) sum_of_squares += squares[l], left += rest[l];
    out[c] = {mean + left / count, sum_of_squares - left * left / count};
  }
}

// Moments of the batch from those of its blocks (of `sizes` numbers per channel), and the running ones.
inline void combine_moments(Norm& norm, const Step& s, const std::vector<double>& sizes, float* parameters) {
  const long channels = (long)norm.moments[0].size();
  for (long c = 0; c < channels; c++) {
    double count = 0, mean = 0, squares = 0;
    for (size_t b = 0; b < sizes.size(); b++) {
      const Moments& m = norm.moments[b][c];
      const double whole = count + sizes[b], apart = m.mean - mean;
      mean += apart * sizes[b] / whole;
      squares += m.squares + apart * apart * count * sizes[b] / whole;
      count = whole;
    }
    const double variance = squares / count, inverse = 1.0 / std::sqrt(variance + s.epsilon);
    norm.mean[c] = (float)mean;
    norm.deviation_inverse[c] = (float)inverse;
    norm.scale[c] = (float)((s.weight >= 0 ? parameters[s.weight + c] : 1.0) * inverse);
    norm.shift[c] = s.bias >= 0 ? parameters[s.bias + c] : 0.0f;
    float &running_mean = parameters[s.running_mean + c], &running_var = parameters[s.running_var + c];
    const double unbiased = squares / std::max(count - 1.0, 1.0);
    running_mean = (float)((1 - s.momentum) * running_mean + s.momentum * mean);
    running_var = (float)((1 - s.momentum) * running_var + s.momentum * unbiased);
  }
}

// y = act((x - mean) * scale + shift + x2); x2 may be null.
inline void normalize(const Norm& norm, const Step& s, const View& x, const View* x2, const View& y) {
  with_activation(s.activation, [&](auto kind) {
    const float slope = (float)s.slope;
    fill_rows(y, false, [&](long c, long i) {
      const Vec* from = x.row(c, i);
      const Vec* other = x2 ? x2->row(c, i) : nullptr;
      const float mean = norm.mean[c], scale = norm.scale[c], shift = norm.shift[c];
      return [=](long j) {
        Vec value = (from[j] - mean) * scale + shift;
        if (other) value += other[j];
        return activate<decltype(kind)::value>(value, slope);
      };
    });
  });
}

// The same, keeping the largest of each 2x2 and which it was.
inline void normalize_pooled(const Norm& norm, const Step& s, const View& x, const View& y, Bytes* index) {
  with_activation(s.activation, [&](auto kind) {
    for (long c = 0; c < y.shape->channels; c++) {
      const float mean = norm.mean[c], scale = norm.scale[c], shift = norm.shift[c];
      for (long i = 0; i < y.shape->height; i++) {
        const Vec *above = x.row(c, 2 * i), *below = x.row(c, 2 * i + 1);
        Vec* to = y.row(c, i);
        for (long j = 0; j < y.shape->width; j++) {
          Int which;
          const Vec best = largest_of_four(
              (above[2 * j] - mean) * scale + shift, (above[2 * j + 1] - mean) * scale + shift,
              (below[2 * j] - mean) * scale + shift, (below[2 * j + 1] - mean) * scale + shift, which);
          to[j] = activate<decltype(kind)::value>(best, (float)s.slope);
          if (index) *index++ = narrow(which);
        }
      }
    }
  });
}

// Per channel of a block: sums of g and of g * (x - mean), row by row, which rounds less than one long sum. g is
// zero in empty lanes.
inline void block_sums(const Norm& norm, const View& x, const View& g, std::vector<Sums>& out) {
  out.resize(x.shape->channels);
  for (long c = 0; c < x.shape->channels; c++) {
    const float mean = norm.mean[c];
    Vec gradient = {}, product = {};
    for (long i = 0; i < x.shape->height; i++) {
      const Vec *row = x.row(c, i), *d = g.row(c, i);
      Vec row_gradient = {}, row_product = {};
      for (long j = 0; j < x.shape->width; j++) {
        row_gradient += d[j];
        row_product += d[j] * (row[j] - mean);
      }
      gradient += row_gradient;
      product += row_product;
    }
    out[c] = {sum_of_lanes(gradient), sum_of_lanes(product)};
  }
}

// The same where the normalisation was pooled: g (of the pooled output) stands where the maximum was.
inline void block_sums_pooled(const Norm& norm, const View& x, const View& g, const Bytes* index,
                              std::vector<Sums>& out) {
  out.resize(x.shape->channels);
  for (long c = 0; c < x.shape->channels; c++) {
    const float mean = norm.mean[c];
    Vec gradient = {}, product = {};
    for (long i = 0; i < g.shape->height; i++) {
      const Vec *above = x.row(c, 2 * i), *below = x.row(c, 2 * i + 1), *d = g.row(c, i);
      Vec row_gradient = {}, row_product = {};
      for (long j = 0; j < g.shape->width; j++) {
        const Int which = widen(*index++), right = (which & 1) != Int{}, lower = which > splat_int(1);
        const Vec value = select(lower, select(right, below[2 * j + 1], below[2 * j]),
                                 select(right, above[2 * j + 1], above[2 * j]));
        row_gradient += d[j];
        row_product += d[j] * (value - mean);
      }
      gradient += row_gradient;
      product += row_product;
    }
    out[c] = {sum_of_lanes(gradient), sum_of_lanes(product)};
  }
}

// Gradients of gamma and beta, and the coefficients of gx, from the sums of all blocks over `count` numbers.
inline void combine_sums(Norm& norm, const Step& s, double count, size_t blocks, float* gradients) {
  for (size_t c = 0; c < norm.mean.size(); c++) {
    double gradient = 0, product = 0;
    for (size_t b = 0; b < blocks; b++) {
      gradient += norm.sums[b][c].gradient;
      product += norm.sums[b][c].product;
    }
    const double inverse = norm.deviation_inverse[c];
    if (s.weight >= 0) gradients[s.weight + c] = (float)(product * inverse);
    if (s.bias >= 0) gradients[s.bias + c] = (float)gradient;
    norm.constant[c] = (float)(-(double)norm.scale[c] * gradient / count);
    norm.per_deviation[c] = (float)(-(double)norm.scale[c] * inverse * inverse * product / count);
  }
}

// gx = scale * g + constant + per_deviation * (x - mean), zero in empty lanes.
inline void normalization_input(const Norm& norm, const View& x, const View& g, const View& gx, int valid, bool add) {
  const Int mask = first_lanes(valid);
  fill_rows(gx, add, [&](long c, long i) {
    const Vec *from = x.row(c, i), *d = g.row(c, i);
    const float mean = norm.mean[c], scale = norm.scale[c], constant = norm.constant[c], slope = norm.per_deviation[c];
    return [=](long j) { return keep(mask, scale * d[j] + (constant + slope * (from[j] - mean))); };
  });
}

inline void normalization_input_pooled(const Norm& norm, const View& x, const View& g, const Bytes* index,
                                       const View& gx, int valid) {
  const Int mask = first_lanes(valid);
  for (long c = 0; c < gx.shape->channels; c++) {
    const float mean = norm.mean[c], constant = norm.constant[c], slope = norm.per_deviation[c];
    const Vec scale = splat(norm.scale[c]);
    auto smooth = [&](const Vec& value) { return keep(mask, constant + slope * (value - mean)); };
    for (long i = 0; i < g.shape->height; i++) {
      const Vec *above = x.row(c, 2 * i), *below = x.row(c, 2 * i + 1), *d = g.row(c, i);
      Vec *to_above = gx.row(c, 2 * i), *to_below = gx.row(c, 2 * i + 1);
      for (long j = 0; j < g.shape->width; j++) {
        const Int which = widen(*index++);
        const Vec value = scale * d[j];
        to_above[2 * j] = smooth(above[2 * j]) + keep(which == splat_int(0), value);
        to_above[2 * j + 1] = smooth(above[2 * j + 1]) + keep(which == splat_int(1), value);
        to_below[2 * j] = smooth(below[2 * j]) + keep(which == splat_int(2), value);
        to_below[2 * j + 1] = smooth(below[2 * j + 1]) + keep(which == splat_int(3), value);
      }
      for (long j = 2 * g.shape->width; j < gx.shape->width; j++) {
        to_above[j] = smooth(above[j]);
        to_below[j] = smooth(below[j]);
      }
    }
    for (long i = 2 * g.shape->height; i < gx.shape->height; i++)
      for (long j = 0; j < gx.shape->width; j++) gx.row(c, i)[j] = smooth(x.row(c, i)[j]);
  }
}

}  // namespace LANES_ISA
}  // namespace convscope
