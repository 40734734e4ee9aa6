// What is to be computed, whatever the instruction set: tensors, steps, settings, and the interface of a network.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace convscope {

// Where a value lies. Sizes are per picture; an element is one vector, LANES pictures side by side.
struct Tensor {
  long channels = 1, height = 1, width = 1;
  long top = 0, left = 0, bottom = 0, right = 0;  // a border of zeros, for the windows that reach beyond
  bool kept = false;      // until the step ends, one for each block; otherwise one for each thread
  bool shared = false;    // others use the same memory at other times: the border is zeroed at every write
  long offset = 0;        // elements into its arena
  bool bytes = false;     // one byte a lane, for positions of maxima

  long row() const { return left + width + right; }
  long channel() const { return row() * (top + height + bottom); }
  long interior() const { return top * row() + left; }
  long elements() const { return channels * channel(); }
};

enum class Kind : int {
  gather,               // pictures into lanes
  convolution,          // y = act(conv(x) + bias), or with pool: the largest of each 2x2, and where it was
  convolution_input,    // gradient of x from that of y
  convolution_weight,   // gradient of weight and bias
  linear,
  linear_input,
  statistics,           // mean and squared deviation of every channel in a block
  normalization_begin,  // serial: the batch's mean and variance from those of the blocks
  normalization,        // y = act(gamma * (x - mean) / std + beta + x2), or pooled as above
  normalization_sums,   // sums of g and g * (x - mean)
  normalization_end,    // serial: gradients of gamma and beta, and what the next step needs
  normalization_input,  // gradient of x
  max_pool,
  max_pool_input,       // also of the pool in a convolution or normalization; applies the activation's slope
  average_pool,
  average_pool_input,
  activation,
  activation_input,
  add,
  multiply,
  multiply_input,
  affine,               // y = x * factor + offset
  copy,                 // into another border, or a part of the channels
  softmax,
  softmax_input,
  log_softmax,
  log_softmax_input,
  dropout,              // forward and backward alike
  loss,
};

enum class Activation : int { none, relu, leaky_relu, relu6, tanh, sigmoid, silu, gelu, gelu_tanh, elu };

struct Step {
  Kind kind = Kind::copy;
  int phase = 0;
  int x = -1, x2 = -1, y = -1, index = -1;  // tensors
  int gx = -1, gy = -1;                     // gradients of them
  bool accumulate = false;                  // add to what is written instead of replacing it
  long weight = -1, bias = -1;              // offsets into the parameters; -1: none
  long running_mean = -1, running_var = -1;
  int norm = -1;                            // which normalisation
  long kernel_height = 1, kernel_width = 1, stride_height = 1, stride_width = 1;
  long pad_top = 0, pad_left = 0, dilation_height = 1, dilation_width = 1, groups = 1;
  long pad_bottom = 0, pad_right = 0;       // of average pools that count it
  bool count_padding = true;
  bool adaptive = false;                    // window i covers floor(i n / m) to ceil((i + 1) n / m)
  bool pool = false;                        // 2x2, stride 2
  int winograd = 0;                         // points along an axis (winograd.h); 0: directly
  Activation activation = Activation::none;
  double slope = 0.0;                       // of leaky_relu, or elu's alpha
  double factor = 1.0, offset = 0.0;        // of affine; dropout: offset is p
  bool whole_channels = false;              // dropout2d
  int number = 0;                           // of a dropout in the network, so that each draws its own
  long first_channel = 0;                   // of a concatenation's part
  double momentum = 0.1, epsilon = 1e-5;
};

struct Range {                       // of parameters
  long begin, end;
  double ratio = 1.0;                // of their learning rate to that of the step
};

struct Plan {
  std::vector<Tensor> tensors;
  std::vector<Step> steps;
  std::vector<bool> serial;        // per phase
  long thread_elements = 0, block_elements = 0;
  long parameters = 0;             // numbers, running statistics included
  std::vector<Range> trainable;
  int norms = 0;
  long classes = 0;
};

enum class Rule : int { sgd, adam, adamw };

struct Optimizer {
  Rule rule = Rule::adam;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // beta1 is the momentum of sgd
  bool nesterov = false;
  double weight_decay = 0.0;
  double clip_norm = 0.0;          // 0: none
  double label_smoothing = 0.0;
  std::vector<float> class_weights;  // empty: all alike
};

constexpr int32_t UNTURNED = 1 << 15;  // the cosine of no turn at the natural scale
constexpr int32_t WHOLE = 1 << 16;     // brightness, contrast or share that changes nothing

// What happens to a training picture, in this order: brightness and contrast (of WHOLE), mirrored left to right,
// turned and scaled (cosine and sine, over the scale, of UNTURNED), shifted, a hole cut, mixed with a partner.
struct Move {
  int32_t down, right, mirrored, top, left, cosine, sine, brightness, contrast;
  int32_t partner;  // -1: none
  int32_t share;    // of WHOLE, the picture's own beside its partner's
};

// Pictures to compute with: uint8 (N, H, W, C) scaled as x * factor + offset per channel, or float (N, C, H, W).
struct Pictures {
  const uint8_t* bytes = nullptr;
  const float* floats = nullptr;
  const float* factor = nullptr;
  const float* offset = nullptr;   // may be null: none
  const int64_t* labels = nullptr;
  const float* weights = nullptr;  // how much each counts in the loss; may be null: all the same
  const Move* moves = nullptr;     // for each picture of the arrays, or null
  bool mixed = false;              // whether some of them have partners
  int fill = 0;                    // of what lies outside and what a hole shows
  int hole = 0;                    // side; 0: none
  bool reflect = false;            // outside of a picture lies its own mirror image instead of `fill`
};

struct Result { double loss_sum = 0; int64_t correct = 0; };

class Network {
 public:
  virtual ~Network() = default;
  virtual float* parameters() = 0;
  virtual void parameters_changed() = 0;  // what was packed of them is to be packed again
  virtual float* gradients() = 0;
  virtual float* first_moments() = 0;
  virtual float* second_moments() = 0;
  virtual int64_t steps_done() const = 0;
  virtual void set_steps_done(int64_t steps) = 0;
  // Outputs of the first `count` pictures, (count, classes).
  virtual void logits(const Pictures& pictures, long count, float* out) = 0;
  // One optimiser step for each batch `positions[starts[i]..starts[i + 1]]`; loss_sum adds up the batches' means.
  virtual Result train(const Pictures& pictures, const int64_t* positions, const int64_t* starts, long batches,
                       const double* rates, uint64_t seed, int64_t first_step, double* losses) = 0;
};

class Threads;
using Maker = std::unique_ptr<Network> (*)(const Plan&, const Optimizer&, Threads&);

}  // namespace convscope
