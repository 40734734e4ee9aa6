// A step of a convolution made ready: where its windows lie, its weights packed, and the kernel that computes it.
#pragma once
#include <vector>

#include "buffer.h"
#include "depthwise.h"
#include "few_positions.h"
#include "pooled_gradient.h"
#include "pooling.h"
#include "winograd.h"

namespace convscope {
namespace LANES_ISA {

// One regular convolution: all of a forward one, or one class of positions of a strided input gradient.
struct Pass {
  std::vector<long> taps;    // offsets into the tensor that is read
  std::vector<int> chosen;   // which taps of the kernel they are
  std::vector<Taps> seen;    // for each row that is written
  long rows = 0, columns = 0, from = 0, to = 0;  // where it begins to read and write, from the interior
  Buffer<float> packed;      // all groups; transformed where the step says Winograd
};

class ConvolutionStep {
 public:
  ConvolutionStep() = default;  // of a step of another kind

  // It reads x and writes y, reads gy and writes gx, or reads x and gy for the weights' gradient. A forward pass alone
  // may take several blocks of pictures together.
  ConvolutionStep(const Step& s, const Tensor& read, const Tensor& written, bool forward_alone) {
    if (s.kind == Kind::convolution_weight) prepare_weight_gradient(s, read);
    else if (s.winograd) prepare_winograd(s, read, written);
    else if (s.kind == Kind::convolution) prepare_forward(s, read, written);
    else prepare_input_gradient(s, read, written);
    if (!forward_alone || s.kind != Kind::convolution) return;
    if (s.winograd) together_ = winograd_of(s, read, written, Blocks{}, nullptr).tiles_of_block() < TILE_STEP;
    else if (!s.pool && s.groups == 1 && written.height * written.width <= MOST_POSITIONS) prepare_few(s, read, written);
  }

  // Whether several blocks of pictures together are faster than one by one.
  bool together() const { return together_; }

  // Vectors that a thread needs beside the tensors.
  long room() const { return room_; }

  void pack(const Step& s, const Tensor& read, const Tensor& written, const float* weight) {
    const bool back = s.kind == Kind::convolution_input;
    const long outs = written.channels / s.groups, ins = read.channels / s.groups;
    const int kernel = (int)(s.kernel_height * s.kernel_width), most = s.pool ? MAX_OUT_POOLED : MAX_OUT;
    for (Pass& pass : passes_) {
      if (s.winograd) {
        transform_weights(form_of(s), weight, (int)outs, (int)ins, back, pass.packed);
        continue;
      }
      for (long g = 0; g < s.groups; g++)
        pack_weights(weight + g * outs * ins * kernel, (int)outs, (int)ins, kernel, pass.chosen, most, back,
                     pass.packed + g * outs * ins * (long)pass.chosen.size());
    }
  }

  // `index` is of one block.
  void forward(const Step& s, const View& x, const View& y, Bytes* index, const float* bias, Vec* room,
               Blocks blocks = {}) const {
    const Tensor &in = *x.shape, &out = *y.shape;
    const Pass& pass = passes_[0];
    const bool rectify = s.activation == Activation::relu;
    if (s.winograd) {
      const Winograd w = winograd_of(s, in, out, blocks, room);
      if (s.pool) winograd_pooled(w, x.at + pass.from, y.at, blocks.stride, out.channel(), out.row(), bias, rectify, index);
      else winograd_plain(w, x.at + pass.from, y.at, blocks.stride, out.channel(), out.row(), bias, false, rectify);
    } else if (!positions_.empty()) {
      few_positions({in.channels, in.channel(), (int)out.channels, out.channel(), (int)pass.taps.size(), pass.packed, bias,
                     rectify, blocks}, positions_, x.at + pass.from, y.at);
    } else if (is_depthwise(s, in, out)) {
      for (long c = 0; c < out.channels; c++)
        depthwise((int)s.stride_height, pass.packed + 9 * c, bias ? bias[c] : 0.0f, rectify,
                  x.at + pass.from + c * in.channel(), in.row(), pass.rows, pass.columns, y.at + c * out.channel(),
                  out.row());
    } else {
      const long ins = in.channels / s.groups, outs = out.channels / s.groups, plane = out.height * out.width;
      for (long g = 0; g < s.groups; g++) {
        Correlation c{ins, in.channel(), s.stride_height * in.row(), s.stride_width, (int)outs, pass.rows,
                      pass.columns, out.channel(), out.row(), 1, pass.taps.data(), (int)pass.taps.size(),
                      pass.seen.data(), pass.packed + g * outs * ins * (long)pass.taps.size(),
                      bias ? bias + g * outs : nullptr, false, rectify};
        const Vec* from = x.at + pass.from + g * ins * in.channel();
        Vec* to = y.at + g * outs * out.channel();
        if (s.pool) correlate_pooled_all({c, plane}, from, to, index ? index + g * outs * plane : nullptr);
        else correlate_all(c, from, to);
      }
    }
    if (s.activation == Activation::none || rectify) return;
    for (long block = 0; block < blocks.count; block++) {
      const View own{&out, y.at + block * blocks.stride};
      activation(s.activation, (float)s.slope, own, own);
    }
  }

  void input_gradient(const Step& s, const View& gy, const View& gx, Vec* room) const {
    const Tensor &in = *gy.shape, &out = *gx.shape;
    if (s.winograd) {
      const Winograd w = winograd_of(s, in, out, Blocks{}, room);
      winograd_plain(w, gy.at + passes_[0].from, gx.at, 0, out.channel(), out.row(), nullptr, s.accumulate, false);
      return;
    }
    const long ins = in.channels / s.groups, outs = out.channels / s.groups;
    for (const Pass& pass : passes_)
      for (long g = 0; g < s.groups; g++) {
        Correlation c{ins, in.channel(), in.row(), 1, (int)outs, pass.rows, pass.columns, out.channel(),
                      s.stride_height * out.row(), s.stride_width, pass.taps.data(), (int)pass.taps.size(),
                      pass.seen.data(), pass.packed + g * outs * ins * (long)pass.taps.size(), nullptr, s.accumulate,
                      false};
        correlate_all(c, gy.at + g * ins * in.channel(), gx.at + pass.to + g * outs * out.channel());
      }
  }

  // Adds to the gradients of the weight, and of the bias where it is not null.
  void weight_and_bias_gradient(const Step& s, const View& x, const View& gy, const Bytes* index, float* weight,
                                float* bias) const {
    const Tensor &in = *x.shape, &out = *gy.shape;
    const long ins = in.channels / s.groups, outs = out.channels / s.groups, columns = (long)column_at_.size();
    for (long g = 0; g < s.groups; g++) {
      const Vec *from = x.at + g * ins * in.channel(), *gradient = gy.at + g * outs * out.channel();
      float* to = weight + g * outs * columns;
      if (s.pool) {
        const PooledWeightGradient w{ins, in.channel(), in.row(), outs, out.height, out.width, out.channel(),
                                     out.row()};
        const Bytes* which = index + g * outs * out.height * out.width;
        if (s.kernel_height == 3) pooled_weight_gradient<3>(w, from + column_at_[0], gradient, which, to);
        else pooled_weight_gradient<5>(w, from + column_at_[0], gradient, which, to);
      } else {
        weight_gradient({(int)outs, columns, column_at_.data(), out.height, out.width, s.stride_height * in.row(),
                         s.stride_width, out.channel(), out.row()}, from, gradient, to);
      }
    }
    if (bias) bias_gradient(gy.at, out.channels, out.channel(), out.height, out.row(), out.width, bias);
  }

 private:
  void prepare_forward(const Step& s, const Tensor& x, const Tensor& y) {
    const long kernel = s.kernel_height * s.kernel_width;
    Pass pass;
    for (long k = 0; k < kernel; k++) {
      pass.chosen.push_back((int)k);
      pass.taps.push_back(k / s.kernel_width * s.dilation_height * x.row() + k % s.kernel_width * s.dilation_width);
    }
    pass.rows = y.height;
    pass.columns = y.width;
    pass.seen = taps_seen(pass, [&](long i, int tap) {
      const long down = tap / s.kernel_width * s.dilation_height - s.pad_top;
      const auto inside = [&](long row) {
        return 0 <= row * s.stride_height + down && row * s.stride_height + down < x.height;
      };
      return s.pool ? inside(2 * i) || inside(2 * i + 1) : inside(i);
    });
    pass.from = -s.pad_top * x.row() - s.pad_left;
    pass.packed = Buffer<float>(y.channels * (x.channels / s.groups) * kernel);
    passes_.push_back(std::move(pass));
  }

  void prepare_few(const Step& s, const Tensor& x, const Tensor& y) {
    together_ = true;
    for (long i = 0; i < y.height; i++)
      for (long j = 0; j < y.width; j++) {
        Position position{i * y.row() + j, {}, {}};
        for (int tap : passes_[0].chosen) {
          const long row = i * s.stride_height - s.pad_top + tap / s.kernel_width * s.dilation_height;
          const long column = j * s.stride_width - s.pad_left + tap % s.kernel_width * s.dilation_width;
          if (row < 0 || row >= x.height || column < 0 || column >= x.width) continue;
          position.taps.push_back(tap);
          position.from.push_back((i * s.stride_height) * x.row() + j * s.stride_width + passes_[0].taps[tap]);
        }
        positions_.push_back(std::move(position));
      }
  }

  // For each row that is written, from the first to the last of the taps for which `inside(row, tap of the kernel)`.
  template <class Inside>
  static std::vector<Taps> taps_seen(const Pass& pass, Inside&& inside) {
    std::vector<Taps> seen;
    for (long i = 0; i < pass.rows; i++) {
      Taps taps{0, 0};
      for (int t = 0; t < (int)pass.chosen.size(); t++)
        if (inside(i, pass.chosen[t])) taps = {taps.end ? taps.first : t, t + 1};
      seen.push_back(taps);
    }
    return seen;
  }

  // The input's gradient is the convolution with the kernel turned by 180 degrees, padded by what is left of it.
  void prepare_winograd(const Step& s, const Tensor& read, const Tensor& written) {
    const bool back = s.kind == Kind::convolution_input;
    const long top = back ? s.kernel_height - 1 - s.pad_top : s.pad_top;
    const long left = back ? s.kernel_width - 1 - s.pad_left : s.pad_left;
    Pass pass;
    pass.packed = Buffer<float>(transformed_size(form_of(s), written.channels, read.channels));
    pass.from = -(top * read.row() + left);
    passes_.push_back(std::move(pass));
    room_ = winograd_room(form_of(s), read.channels, written.channels);
  }

  // Positions of x whose distance to the next multiple of the stride is the same see the same taps of gy.
  void prepare_input_gradient(const Step& s, const Tensor& gy, const Tensor& gx) {
    for (long a = 0; a < std::min(s.stride_height, gx.height); a++)
      for (long b = 0; b < std::min(s.stride_width, gx.width); b++) {
        Pass pass;
        for (long k = 0; k < s.kernel_height * s.kernel_width; k++) {
          const long down = a + s.pad_top - k / s.kernel_width * s.dilation_height;
          const long right = b + s.pad_left - k % s.kernel_width * s.dilation_width;
          if (down % s.stride_height || right % s.stride_width) continue;
          pass.chosen.push_back((int)k);
          pass.taps.push_back(down / s.stride_height * gy.row() + right / s.stride_width);
        }
        pass.rows = (gx.height - a + s.stride_height - 1) / s.stride_height;
        pass.columns = (gx.width - b + s.stride_width - 1) / s.stride_width;
        pass.seen = taps_seen(pass, [&](long i, int tap) {
          const long row = i + (a + s.pad_top - tap / s.kernel_width * s.dilation_height) / s.stride_height;
          return 0 <= row && row < gy.height;
        });
        pass.to = a * gx.row() + b;
        pass.packed = Buffer<float>(gx.channels * (gy.channels / s.groups) * (long)pass.chosen.size());
        passes_.push_back(std::move(pass));
      }
  }

  void prepare_weight_gradient(const Step& s, const Tensor& x) {
    for (long c = 0; c < x.channels / s.groups; c++)
      for (long k = 0; k < s.kernel_height * s.kernel_width; k++)
        column_at_.push_back(c * x.channel() + (k / s.kernel_width * s.dilation_height - s.pad_top) * x.row() +
                             k % s.kernel_width * s.dilation_width - s.pad_left);
  }

  static bool is_depthwise(const Step& s, const Tensor& in, const Tensor& out) {
    return s.groups == in.channels && s.groups == out.channels && !s.pool && s.kernel_height == 3 && s.kernel_width == 3 &&
           s.dilation_height == 1 && s.dilation_width == 1 && s.stride_height == s.stride_width && s.stride_height <= 2;
  }

  static WinogradForm form_of(const Step& s) { return {(int)s.kernel_height, s.winograd}; }

  Winograd winograd_of(const Step& s, const Tensor& in, const Tensor& out, Blocks blocks, Vec* room) const {
    const long scale = s.pool ? 2 : 1;
    return {form_of(s), (int)in.channels, (int)out.channels, in.row(), in.channel(), blocks.stride, blocks.count,
            scale * out.height, scale * out.width, passes_[0].packed, room};
  }

  std::vector<Pass> passes_;
  std::vector<long> column_at_;  // of the weight gradient
  std::vector<Position> positions_;  // of a map of a few
  long room_ = 0;
  bool together_ = false;
};

}  // namespace LANES_ISA
}  // namespace convscope
