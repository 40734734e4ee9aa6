// A network that runs: the plan's steps over blocks of LANES pictures. Compiled once per instruction set.
//
// A phase is a run of steps that one block can take without waiting for the others; between phases all blocks
// meet. Blocks are grouped into slots that depend on the batch alone; a slot's blocks run in order and add into
// the slot's own gradients, which are then summed slot by slot: the bits do not depend on the number of threads.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "buffer.h"
#include "convolution_step.h"
#include "feed.h"
#include "linear.h"
#include "loss.h"
#include "normalization.h"
#include "optimizer.h"
#include "plan.h"
#include "pooling.h"
#include "threads.h"

namespace convscope {
namespace LANES_ISA {
namespace {

constexpr long MAX_SLOTS = 16;
constexpr long SLOT_NUMBERS = 1L << 25;  // all slots' gradients together stay below this
constexpr long CHUNK = 4096;             // parameters of one work item of an update
constexpr long LINEAR_ROWS = 128;        // outputs of a linear layer in one
constexpr long MOST_TOGETHER = 8;        // blocks in one step of a forward pass alone
constexpr long TOGETHER_BYTES = 64L << 20;  // of their tensors, at most
constexpr long LARGE_LINEAR = 1L << 14;  // weights that are worth reading for several blocks at once

uint64_t mix(uint64_t x) {  // splitmix64 (Steele, Lea & Flood 2014)
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// The numbers of the update: a tensor or a part of one, and where its gradient comes from.
struct Region {
  enum Source { slots, linear, direct } source;
  long begin, end;
  int rate;                     // which of the learning rates; -1: it is not trained
  const Step* step = nullptr;   // of a linear layer: its outputs begin..end, and of each the features first..last
  long first = 0, last = 0;
  int bias_rate = -1;           // of a linear layer
};

struct Batch {
  const Pictures* pictures;
  const int64_t* positions;     // null: the first ones
  long count, blocks;
  LossSettings loss;
  uint64_t seed;
  int64_t step;
  float* out;
};

struct Target { int64_t label; float weight; };

struct Place {                  // where a step works
  int block, valid, thread;
  Vec *thread_arena, *block_arena;
  float* gradients;
};

class LaneNetwork final : public Network {
 public:
  LaneNetwork(const Plan& plan, const Optimizer& optimizer, Threads& threads)
      : plan_(plan), optimizer_(optimizer), threads_(threads), parameters_(plan.parameters),
        gradients_(plan.parameters), first_(plan.parameters), second_(plan.parameters), norms_(plan.norms) {
    for (const Step& step : plan_.steps) trains_ |= step.kind == Kind::loss && step.gx >= 0;
    for (const Step& step : plan_.steps) prepare(step);
    most_together_ = 1;
    for (size_t i = 0; i < plan_.steps.size(); i++)
      if (together(i))
        most_together_ = std::clamp(TOGETHER_BYTES / (plan_.thread_elements * (long)sizeof(Vec)), 1L, MOST_TOGETHER);
    reserve_arenas(1);
    for (int t = 0; t < threads_.count(); t++) winograd_rooms_.emplace_back(winograd_room_);
    for (int t = 0; t < threads_.count(); t++) second_gradients_.emplace_back(std::max(1L, plan_.classes));
    const Tensor& input = plan_.tensors[plan_.steps[0].y];
    for (int t = 0; t < threads_.count(); t++)
      rooms_.emplace_back((LANES + 2) * input.channels * input.height * input.width + 8);
  }

  float* parameters() override { return parameters_; }
  void parameters_changed() override { packed_ = false; }
  float* gradients() override { return gradients_; }
  float* first_moments() override { return first_; }
  float* second_moments() override { return second_; }
  int64_t steps_done() const override { return steps_done_; }
  void set_steps_done(int64_t steps) override { steps_done_ = steps; }

  void logits(const Pictures& pictures, long count, float* out) override {
    if (!packed_) pack();
    run_forward({&pictures, nullptr, count, (count + LANES - 1) / LANES, {}, 0, 0, out});
  }

  Result train(const Pictures& pictures, const int64_t* positions, const int64_t* starts, long batches,
               const double* rates, uint64_t seed, int64_t first_step, double* losses) override {
    Result result;
    for (long b = 0; b < batches; b++) {
      const long count = starts[b + 1] - starts[b];
      Batch batch{&pictures, positions + starts[b], count, (count + LANES - 1) / LANES, {}, seed, first_step + b,
                  nullptr};
      batch.loss = loss_settings(batch);
      const long slots = slots_of(batch.blocks);
      pack();
      run(batch, slots);
      update(batch, slots, rates[b]);
      packed_ = false;
      double loss = 0;
      for (long i = 0; i < batch.blocks; i++) loss += block_loss_[i], result.correct += block_correct_[i];
      result.loss_sum += loss;
      if (losses) losses[b] = loss;
    }
    return result;
  }

 private:
  // ---- preparation ---------------------------------------------------------------------------------------------

  const Tensor& tensor(int i) const { return plan_.tensors[i]; }

  // What a step of a convolution reads and writes; null of the other kinds. The weights' gradient reads both.
  const Tensor* read_by(const Step& s) const {
    if (s.kind == Kind::convolution || s.kind == Kind::convolution_weight) return &tensor(s.x);
    return s.kind == Kind::convolution_input ? &tensor(s.gy) : nullptr;
  }
  const Tensor& written_by(const Step& s) const {
    return tensor(s.kind == Kind::convolution ? s.y : s.kind == Kind::convolution_input ? s.gx : s.gy);
  }

  void prepare(const Step& s) {
    const Tensor* read = read_by(s);
    convolutions_.push_back(read ? ConvolutionStep(s, *read, written_by(s), !trains_) : ConvolutionStep());
    winograd_room_ = std::max(winograd_room_, convolutions_.back().room());
    if (s.kind == Kind::convolution_weight) {
      const long outs = tensor(s.gy).channels, ins = read->channels / s.groups;
      add_region(Region::slots, s.weight, s.weight + outs * ins * s.kernel_height * s.kernel_width);
      if (s.bias >= 0) add_region(Region::slots, s.bias, s.bias + outs);
    }
    if (s.kind == Kind::linear && s.gy >= 0) {  // a plan that trains says where the gradient of y lies
      const long outputs = tensor(s.y).elements(), features = tensor(s.x).elements();
      const long rows = std::min(outputs, LINEAR_ROWS), across = std::max<long>(LANES, CHUNK / rows / LANES * LANES);
      for (long o = 0; o < outputs; o += rows)
        for (long f = 0; f < features; f += across)
          regions_.push_back({Region::linear, o, std::min(outputs, o + rows), rate_of(s.weight), &s, f,
                              std::min(features, f + across), s.bias >= 0 ? rate_of(s.bias) : -1});
    }
    if (s.kind == Kind::normalization_begin) {
      Norm& norm = norms_[s.norm];
      const size_t channels = tensor(s.x).channels;
      for (auto* values : {&norm.mean, &norm.deviation_inverse, &norm.scale, &norm.shift, &norm.constant,
                           &norm.per_deviation})
        values->assign(channels, 0.0f);
      if (s.weight >= 0) add_region(Region::direct, s.weight, s.weight + (long)channels);
      if (s.bias >= 0) add_region(Region::direct, s.bias, s.bias + (long)channels);
    }
  }

  // Which of the learning rates a number is trained at, the place of its ratio in `ratios_`; -1: it is not.
  int rate_of(long number) {
    for (const Range& range : plan_.trainable) {
      if (number < range.begin || range.end <= number) continue;
      const auto known = std::find(ratios_.begin(), ratios_.end(), range.ratio);
      if (known != ratios_.end()) return (int)(known - ratios_.begin());
      ratios_.push_back(range.ratio);
      return (int)ratios_.size() - 1;
    }
    return -1;
  }

  void add_region(Region::Source source, long begin, long end) {
    for (long from = begin; from < end; from += CHUNK)
      regions_.push_back({source, from, std::min(end, from + CHUNK), rate_of(begin)});
  }

  // ---- a forward pass alone ------------------------------------------------------------------------------------

  // Whether a step of it takes several blocks at once.
  bool together(size_t i) const {
    const Step& s = plan_.steps[i];
    if (trains_) return false;
    if (s.kind == Kind::linear) return tensor(s.x).elements() * tensor(s.y).elements() >= LARGE_LINEAR;
    return convolutions_[i].together();
  }

  void reserve_arenas(long blocks) {
    if (blocks <= arena_blocks_) return;
    thread_arenas_.clear();
    for (int t = 0; t < threads_.count(); t++) thread_arenas_.emplace_back(blocks * plan_.thread_elements);
    arena_blocks_ = blocks;
  }

  // Some blocks at a time: through the steps one by one, but for those that take them together.
  void run_forward(const Batch& batch) {
    if (batch.blocks == 0) return;
    const long of_a_thread = (batch.blocks + threads_.count() - 1) / threads_.count();
    const long most = std::min(of_a_thread, most_together_), groups = (batch.blocks + most - 1) / most;
    reserve_arenas(most);
    threads_.share(groups, [&](long group, int thread) {
      const long first = batch.blocks * group / groups, last = batch.blocks * (group + 1) / groups;
      auto place = [&](long block) {
        return Place{(int)block, (int)std::min<long>(LANES, batch.count - block * LANES), thread,
                     thread_arenas_[thread] + (block - first) * plan_.thread_elements, nullptr, nullptr};
      };
      for (size_t begin = 0, end = 0; begin < plan_.steps.size(); begin = end) {
        if (together(begin)) {
          std::vector<Place> places;
          for (long block = first; block < last; block++) places.push_back(place(block));
          step_together(begin, places);
          end = begin + 1;
          continue;
        }
        while (end < plan_.steps.size() && !together(end)) end++;
        for (long block = first; block < last; block++)
          for (size_t i = begin; i < end; i++) block_step(plan_.steps[i], convolutions_[i], batch, place(block));
      }
    });
  }

  void step_together(size_t i, const std::vector<Place>& places) {
    const Step& s = plan_.steps[i];
    const Blocks blocks{(long)places.size(), plan_.thread_elements};
    for (const Place& place : places) output(s.y, place);
    const View x = view(s.x, places[0]), y = view(s.y, places[0]);
    if (s.kind == Kind::linear) {
      linear_blocks(parameters_ + s.weight, bias_of(s), x.shape->elements(), y.shape->elements(), x.at, y.at, blocks);
    } else {
      convolutions_[i].forward(s, x, y, nullptr, bias_of(s), winograd_rooms_[places[0].thread], blocks);
    }
  }

  // ---- a step of training --------------------------------------------------------------------------------------

  long slots_of(long blocks) const {
    return std::max(1L, std::min({blocks, MAX_SLOTS, std::max(2L, SLOT_NUMBERS / std::max(1L, plan_.parameters))}));
  }

  LossSettings loss_settings(const Batch& batch) const {
    LossSettings s{(float)optimizer_.label_smoothing, nullptr, (double)batch.count};
    const float* weights = batch.pictures->weights;
    if (!optimizer_.class_weights.empty()) s.class_weights = optimizer_.class_weights.data();
    if (s.class_weights || weights) {
      s.divisor = 0;
      for (long i = 0; i < batch.count; i++)
        for (const Target& target : targets(batch, i)) s.divisor += (double)target.weight * s.weight(target.label);
    }
    if (weights && s.divisor == 0) s.divisor = 1;  // pictures that all weigh nothing: no loss, no gradient
    return s;
  }

  // What picture i of a batch is, and how much that counts; mixed with a partner, two things, the larger share first.
  static std::array<Target, 2> targets(const Batch& b, long i) {
    const Pictures& p = *b.pictures;
    const int64_t number = b.positions[i];
    const auto weight = [&](int64_t of) { return p.weights ? p.weights[of] : 1.0f; };
    const Move* move = p.moves ? p.moves + number : nullptr;
    if (!move || move->partner < 0) return {{{p.labels[number], weight(number)}, {p.labels[number], 0}}};
    const float share = (float)move->share / WHOLE;
    const Target own{p.labels[number], share * weight(number)};
    const Target other{p.labels[move->partner], (1 - share) * weight(move->partner)};
    return share < 0.5f ? std::array<Target, 2>{other, own} : std::array<Target, 2>{own, other};
  }

  void pack() {
    packed_ = true;
    threads_.share((long)plan_.steps.size(), [&](long i, int) {
      const Step& s = plan_.steps[i];
      if (const Tensor* read = read_by(s)) convolutions_[i].pack(s, *read, written_by(s), parameters_ + s.weight);
    });
  }

  void run(const Batch& batch, long slots) {
    while ((long)block_arenas_.size() < batch.blocks && plan_.block_elements > 0)
      block_arenas_.emplace_back(plan_.block_elements);
    for (Norm& norm : norms_) {
      if ((long)norm.moments.size() < batch.blocks) norm.moments.resize(batch.blocks);
      if ((long)norm.sums.size() < batch.blocks) norm.sums.resize(batch.blocks);
    }
    if ((long)block_loss_.size() < batch.blocks) {
      block_loss_.resize(batch.blocks);
      block_correct_.resize(batch.blocks);
    }
    while ((long)slot_gradients_.size() < slots) slot_gradients_.emplace_back(plan_.parameters);
    size_t begin = 0;
    for (size_t phase = 0; phase < plan_.serial.size(); phase++) {
      size_t end = begin;
      while (end < plan_.steps.size() && plan_.steps[end].phase == (int)phase) end++;
      if (plan_.serial[phase]) {
        for (size_t i = begin; i < end; i++) serial_step(plan_.steps[i], batch);
      } else {
        threads_.share(slots, [&](long slot, int thread) {
          if (phase == 0) clear_slot(slot_gradients_[slot]);
          for (long block = batch.blocks * slot / slots; block < batch.blocks * (slot + 1) / slots; block++) {
            Place place{(int)block, (int)std::min<long>(LANES, batch.count - block * LANES), thread,
                        thread_arenas_[thread], plan_.block_elements ? (Vec*)block_arenas_[block] : nullptr,
                        slot_gradients_[slot]};
            for (size_t i = begin; i < end; i++) block_step(plan_.steps[i], convolutions_[i], batch, place);
          }
        });
      }
      begin = end;
    }
  }

  // What blocks add to; the gradients of linear layers and normalisations are written, not added.
  void clear_slot(float* gradients) const {
    for (const Region& region : regions_)
      if (region.source == Region::slots)
        std::memset(gradients + region.begin, 0, sizeof(float) * (region.end - region.begin));
  }

  void serial_step(const Step& s, const Batch& batch) {
    const Tensor& x = tensor(s.x);
    const double positions = (double)(x.height * x.width);
    if (s.kind == Kind::normalization_begin) {
      std::vector<double> sizes;
      for (long b = 0; b < batch.blocks; b++)
        sizes.push_back(positions * std::min<long>(LANES, batch.count - b * LANES));
      combine_moments(norms_[s.norm], s, sizes, parameters_);
    } else {
      combine_sums(norms_[s.norm], s, positions * batch.count, batch.blocks, gradients_);
    }
  }

  View view(int i, const Place& place) const {
    const Tensor& t = tensor(i);
    return {&t, (t.kept ? place.block_arena : place.thread_arena) + t.offset + t.interior()};
  }

  Bytes* bytes(int i, const Place& place) const { return i < 0 ? nullptr : (Bytes*)view(i, place).at; }

  // A view to write to: where the memory served others in between, the border is zero again.
  View output(int i, const Place& place) const {
    const View v = view(i, place);
    const Tensor& t = *v.shape;
    if (t.shared && t.channel() > t.height * t.width)
      for (long c = 0; c < t.channels; c++) {
        Vec* channel = v.at - t.interior() + c * t.channel();
        std::memset((void*)channel, 0, sizeof(Vec) * t.interior());
        for (long k = 0; k + 1 < t.height; k++)
          std::memset((void*)(v.row(c, k) + t.width), 0, sizeof(Vec) * (t.right + t.left));
        Vec* rest = v.row(c, t.height - 1) + t.width;
        std::memset((void*)rest, 0, sizeof(Vec) * (channel + t.channel() - rest));
      }
    return v;
  }

  // Where a result goes that may be added to what is there.
  View target(const Step& s, int i, const Place& place) const { return s.accumulate ? view(i, place) : output(i, place); }

  const float* bias_of(const Step& s) const { return s.bias >= 0 ? parameters_ + s.bias : nullptr; }

  void block_step(const Step& s, const ConvolutionStep& convolution, const Batch& batch, const Place& place) {
    switch (s.kind) {
      case Kind::gather:
        gather(*batch.pictures, batch.positions ? batch.positions + place.block * LANES : nullptr,
               place.block * LANES, place.valid, output(s.y, place), rooms_[place.thread]);
        break;
      case Kind::convolution:
        convolution.forward(s, view(s.x, place), output(s.y, place), bytes(s.index, place), bias_of(s),
                            winograd_rooms_[place.thread]);
        break;
      case Kind::convolution_input:
        convolution.input_gradient(s, view(s.gy, place), target(s, s.gx, place), winograd_rooms_[place.thread]);
        break;
      case Kind::convolution_weight:
        convolution.weight_and_bias_gradient(s, view(s.x, place), view(s.gy, place), bytes(s.index, place),
                                             place.gradients + s.weight,
                                             s.bias >= 0 ? place.gradients + s.bias : nullptr);
        break;
      case Kind::linear:
        linear(parameters_ + s.weight, bias_of(s), tensor(s.x).elements(),
               tensor(s.y).elements(), view(s.x, place).at, view(s.y, place).at);
        break;
      case Kind::linear_input:
        linear_input(parameters_ + s.weight, tensor(s.gx).elements(), tensor(s.gy).elements(), view(s.gy, place).at,
                     view(s.gx, place).at, s.accumulate);
        break;
      case Kind::statistics: block_moments(view(s.x, place), place.valid, norms_[s.norm].moments[place.block]); break;
      case Kind::normalization: {
        const View x = view(s.x, place), y = output(s.y, place);
        if (s.pool) {
          normalize_pooled(norms_[s.norm], s, x, y, bytes(s.index, place));
        } else if (s.x2 >= 0) {
          const View other = view(s.x2, place);
          normalize(norms_[s.norm], s, x, &other, y);
        } else {
          normalize(norms_[s.norm], s, x, nullptr, y);
        }
        break;
      }
      case Kind::normalization_sums: {
        auto& sums = norms_[s.norm].sums[place.block];
        if (s.pool) block_sums_pooled(norms_[s.norm], view(s.x, place), view(s.gy, place), bytes(s.index, place), sums);
        else block_sums(norms_[s.norm], view(s.x, place), view(s.gy, place), sums);
        break;
      }
      case Kind::normalization_input: {
        const View x = view(s.x, place), gy = view(s.gy, place), gx = target(s, s.gx, place);
        if (s.pool) normalization_input_pooled(norms_[s.norm], x, gy, bytes(s.index, place), gx, place.valid);
        else normalization_input(norms_[s.norm], x, gy, gx, place.valid, s.accumulate);
        break;
      }
      case Kind::max_pool: {
        const View x = view(s.x, place), y = output(s.y, place);
        max_pool(rows_of(s, *x.shape, *y.shape), columns_of(s, *x.shape, *y.shape), x, y, bytes(s.index, place));
        break;
      }
      case Kind::max_pool_input: {
        const View gy = view(s.gy, place), y = view(s.y, place);
        if (s.pool) {
          max_pool_2x2_input(s.activation, (float)s.slope, y, gy, bytes(s.index, place), output(s.gx, place));
        } else {
          const View gx = target(s, s.gx, place);
          max_pool_input(rows_of(s, *gx.shape, *gy.shape), columns_of(s, *gx.shape, *gy.shape), s.activation,
                         (float)s.slope, y, gy, bytes(s.index, place), gx, s.accumulate);
        }
        break;
      }
      case Kind::average_pool: {
        const View x = view(s.x, place), y = output(s.y, place);
        average_pool(rows_of(s, *x.shape, *y.shape), columns_of(s, *x.shape, *y.shape), x, y);
        break;
      }
      case Kind::average_pool_input: {
        const View gy = view(s.gy, place), gx = target(s, s.gx, place);
        average_pool_input(rows_of(s, *gx.shape, *gy.shape), columns_of(s, *gx.shape, *gy.shape), gy, gx, s.accumulate);
        break;
      }
      case Kind::activation:
        activation(s.activation, (float)s.slope, view(s.x, place), output(s.y, place));
        break;
      case Kind::activation_input:
        activation_input(s.activation, (float)s.slope, view(s.x, place), view(s.y, place), view(s.gy, place),
                         s.gx == s.gy ? view(s.gx, place) : target(s, s.gx, place), s.accumulate);
        break;
      case Kind::add: {
        const View a = view(s.x, place), b = view(s.x2, place);
        fill_rows(output(s.y, place), false, [&](long c, long i) {
          const Vec *u = a.row(c, i), *v = b.row(c, i);
          return [=](long j) { return u[j] + v[j]; };
        });
        break;
      }
      case Kind::multiply: multiply(view(s.x, place), view(s.x2, place), output(s.y, place), false); break;
      case Kind::multiply_input:  // x is the other factor
        multiply(view(s.gy, place), view(s.x, place), target(s, s.gx, place), s.accumulate);
        break;
      case Kind::affine: {
        const View x = view(s.x, place);
        const float factor = (float)s.factor, offset = (float)s.offset;
        fill_rows(target(s, s.y, place), s.accumulate, [&](long c, long i) {
          const Vec* u = x.row(c, i);
          return [=](long j) { return u[j] * factor + offset; };
        });
        break;
      }
      case Kind::copy: copy(s, place); break;
      case Kind::softmax:
      case Kind::log_softmax: {
        const View x = view(s.x, place), y = output(s.y, place);
        softmax(x.at, y.at, x.shape->channels, x.shape->channel(), s.kind == Kind::log_softmax);
        break;
      }
      case Kind::softmax_input:
      case Kind::log_softmax_input: {
        softmax_input(view(s.y, place).at, view(s.gy, place).at, view(s.gx, place).at, tensor(s.y).channels,
                      s.kind == Kind::log_softmax_input, s.accumulate);
        break;
      }
      case Kind::dropout: {
        const uint64_t key = mix(mix(mix(batch.seed) + (uint64_t)batch.step) + (uint64_t)s.number);
        const Dropout d{(float)s.offset, s.whole_channels, (uint32_t)(key >> 32), place.block * LANES};
        dropout(d, view(s.x, place), target(s, s.y, place), s.accumulate);
        break;
      }
      case Kind::loss: finish(s, batch, place); break;
      case Kind::normalization_begin:
      case Kind::normalization_end: break;  // serial
    }
  }

  // x into y; the smaller of the two is a part of the other, from `first_channel` and (pad_top, pad_left) on.
  void copy(const Step& s, const Place& place) {
    const Tensor &from = tensor(s.x), &to = tensor(s.y);
    const bool part_of_x = from.channels > to.channels || from.height > to.height || from.width > to.width;
    const long channels = std::min(from.channels, to.channels), height = std::min(from.height, to.height);
    const long width = std::min(from.width, to.width);
    const bool later_part = !part_of_x && s.first_channel > 0;
    const View x = view(s.x, place), y = s.accumulate || later_part ? view(s.y, place) : output(s.y, place);
    for (long c = 0; c < channels; c++)
      for (long i = 0; i < height; i++) {
        const Vec* in = part_of_x ? x.row(c + s.first_channel, i + s.pad_top) + s.pad_left : x.row(c, i);
        Vec* out = part_of_x ? y.row(c, i) : y.row(c + s.first_channel, i + s.pad_top) + s.pad_left;
        for (long j = 0; j < width; j++) out[j] = s.accumulate ? out[j] + in[j] : in[j];
      }
  }

  void finish(const Step& s, const Batch& batch, const Place& place) {
    const Vec* logits = view(s.x, place).at;
    if (batch.out) {
      for (int l = 0; l < place.valid; l++)
        for (long k = 0; k < plan_.classes; k++)
          batch.out[((long)place.block * LANES + l) * plan_.classes + k] = logits[k][l];
      return;
    }
    int64_t labels[2][LANES], correct = 0, ignored = 0;
    Vec weights[2] = {};
    for (int l = 0; l < place.valid; l++) {
      const auto both = targets(batch, (long)place.block * LANES + l);
      for (int k = 0; k < 2; k++) labels[k][l] = both[k].label, weights[k][l] = both[k].weight;
    }
    Vec* gradient = view(s.gx, place).at;
    double loss = cross_entropy(batch.loss, logits, labels[0], weights[0], place.valid, plan_.classes, gradient, correct);
    if (batch.pictures->mixed) {  // the loss is linear in the target
      Vec* second = second_gradients_[place.thread];
      loss += cross_entropy(batch.loss, logits, labels[1], weights[1], place.valid, plan_.classes, second, ignored);
      for (long k = 0; k < plan_.classes; k++) gradient[k] += second[k];
    }
    block_loss_[place.block] = loss;
    block_correct_[place.block] = correct;
  }

  // ---- the optimiser ---------------------------------------------------------------------------------------------

  void update(const Batch& batch, long slots, double rate) {
    steps_done_++;
    const bool clip = optimizer_.clip_norm > 0;
    const long items = (long)regions_.size();
    std::vector<double> squares(clip ? items : 0);
    const std::vector<Update> unclipped = updates(rate, 1.0);
    threads_.share(items, [&](long i, int) {
      sum_gradients(regions_[i], batch, slots);
      if (clip) squares[i] = sum_of_squares(i);
      else apply(unclipped, i);
    });
    if (!clip) return;
    double sum = 0;
    for (double square : squares) sum += square;
    const std::vector<Update> clipped = updates(rate, std::min(1.0, optimizer_.clip_norm / (std::sqrt(sum) + 1e-6)));
    threads_.share(items, [&](long i, int) { apply(clipped, i); });
  }

  std::vector<Update> updates(double rate, double factor) const {
    std::vector<Update> found;
    for (double ratio : ratios_) found.emplace_back(optimizer_, rate * ratio, steps_done_, factor);
    return found;
  }

  void sum_gradients(const Region& region, const Batch& batch, long slots) {
    if (region.source == Region::slots) {
      float* __restrict total = gradients_;
      const float* first = slot_gradients_[0];
      for (long k = region.begin; k < region.end; k++) total[k] = first[k];
      for (long slot = 1; slot < slots; slot++) {
        const float* part = slot_gradients_[slot];
        for (long k = region.begin; k < region.end; k++) total[k] += part[k];
      }
    } else if (region.source == Region::linear) {
      const Step& s = *region.step;
      const long features = tensor(s.x).elements();
      std::vector<BlockPair> blocks;
      for (long b = 0; b < batch.blocks; b++)
        blocks.push_back({block_arenas_[b] + tensor(s.x).offset, block_arenas_[b] + tensor(s.gy).offset});
      linear_weight(blocks, region.begin, region.end, region.first, region.last, features, gradients_ + s.weight);
      for (long o = region.begin; o < region.end && s.bias >= 0 && region.first == 0; o++)
        gradients_[s.bias + o] = linear_bias(blocks, o);
    }
  }

  // Calls function(begin, end, rate) for the trainable numbers of a region.
  template <class Function>
  void each_range(long i, Function&& function) const {
    const Region& region = regions_[i];
    if (!region.step) {
      if (region.rate >= 0) function(region.begin, region.end, region.rate);
      return;
    }
    const Step& s = *region.step;
    const long features = tensor(s.x).elements();
    for (long o = region.begin; o < region.end && region.rate >= 0; o++)
      function(s.weight + o * features + region.first, s.weight + o * features + region.last, region.rate);
    if (s.bias < 0 || region.first > 0) return;
    if (const int rate = region.bias_rate; rate >= 0) function(s.bias + region.begin, s.bias + region.end, rate);
  }

  double sum_of_squares(long i) const {
    double sum = 0;
    each_range(i, [&](long begin, long end, int) {
      for (long k = begin; k < end; k++) sum += (double)gradients_[k] * gradients_[k];
    });
    return sum;
  }

  void apply(const std::vector<Update>& updates, long i) {
    each_range(i, [&](long begin, long end, int rate) {
      updates[rate].apply(begin, end, parameters_, gradients_, first_, second_);
    });
  }

  Plan plan_;
  Optimizer optimizer_;
  Threads& threads_;
  Buffer<float> parameters_, gradients_, first_, second_;
  int64_t steps_done_ = 0;
  std::vector<ConvolutionStep> convolutions_;  // one for each step; empty for the other kinds
  std::vector<Region> regions_;
  std::vector<double> ratios_;   // of the learning rates there are to the rate of a step
  std::vector<Norm> norms_;
  long winograd_room_ = 0, arena_blocks_ = 0, most_together_ = 1;
  bool trains_ = false;          // or computes outputs alone
  bool packed_ = false;
  std::vector<Buffer<Vec>> thread_arenas_, block_arenas_, winograd_rooms_, second_gradients_;
  std::vector<Buffer<uint8_t>> rooms_;
  std::vector<Buffer<float>> slot_gradients_;
  std::vector<double> block_loss_;
  std::vector<int64_t> block_correct_;
};

}  // namespace

std::unique_ptr<Network> make(const Plan& plan, const Optimizer& optimizer, Threads& threads) {
  return std::make_unique<LaneNetwork>(plan, optimizer, threads);
}

// 2 * ACCUMULATORS * LANES floating-point operations in a loop of multiply-adds that nothing else slows.
double multiply_adds(long repeats) {
  Vec sum[ACCUMULATORS], factor = splat(0.999999f), term = splat(1e-7f);
  UNROLL for (int i = 0; i < ACCUMULATORS; i++) sum[i] = splat((float)i);
  for (long r = 0; r < repeats; r++) {
    UNROLL for (int i = 0; i < ACCUMULATORS; i++) sum[i] = sum[i] * factor + term;
    asm volatile("" : "+m"(term));
  }
  Vec total = {};
  UNROLL for (int i = 0; i < ACCUMULATORS; i++) total += sum[i];
  volatile float used = sum_of_lanes(total);
  (void)used;
  return 2.0 * ACCUMULATORS * LANES * repeats;
}

}  // namespace LANES_ISA
}  // namespace convscope
