// The Python module `convscope.native._native`: plans and pictures in, numbers out, the GIL released meanwhile.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cfloat>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "filter.h"
#include "plan.h"
#include "threads.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace convscope {

#define DECLARE(isa) \
  namespace isa { \
  std::unique_ptr<Network> make(const Plan&, const Optimizer&, Threads&); \
  double multiply_adds(long repeats); \
  void filter(const Filter<float>&, Threads&); \
  void filter(const Filter<double>&, Threads&); \
  }
DECLARE(baseline)
#ifdef __x86_64__
DECLARE(avx2)
DECLARE(avx512)
#endif
#undef DECLARE

namespace {

struct InstructionSet {
  const char* name;
  Maker make;
  double (*multiply_adds)(long);
  void (*filter_floats)(const Filter<float>&, Threads&);
  void (*filter_doubles)(const Filter<double>&, Threads&);
  int lanes;
};

// What this processor has, the widest first.
std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> found;
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    found.push_back({"avx512", avx512::make, avx512::multiply_adds, avx512::filter, avx512::filter, 16});
  if (avx2) found.push_back({"avx2", avx2::make, avx2::multiply_adds, avx2::filter, avx2::filter, 8});
#endif
  found.push_back({"baseline", baseline::make, baseline::multiply_adds, baseline::filter, baseline::filter, 4});
  return found;
}

InstructionSet instruction_set(const std::string& name) {
  for (const InstructionSet& set : instruction_sets())
    if (name.empty() || name == set.name) return set;
  throw nb::value_error(("this processor has no " + name).c_str());
}

template <class T, class Shape>
using Array = nb::ndarray<const T, Shape, nb::c_contig, nb::device::cpu>;
using Bytes4 = Array<uint8_t, nb::ndim<4>>;
using Floats4 = Array<float, nb::ndim<4>>;
using Floats = Array<float, nb::ndim<1>>;
using Doubles = Array<double, nb::ndim<1>>;
using Positions = Array<int64_t, nb::ndim<1>>;
using Moves = Array<int32_t, nb::ndim<2>>;
constexpr size_t MOVE_NUMBERS = sizeof(Move) / sizeof(int32_t);

// A network with the threads it runs on.
class Runner {
 public:
  Runner(const Plan& plan, const Optimizer& optimizer, int threads, const std::string& set)
      : plan_(checked(plan, optimizer, threads)), threads_(threads), network_(instruction_set(set).make(plan, optimizer, threads_)) {}

  nb::ndarray<nb::numpy, float, nb::ndim<1>> numbers(float* data) {
    const size_t size = plan_.parameters;
    return nb::ndarray<nb::numpy, float, nb::ndim<1>>(data, {size}, nb::find(this));
  }

  Network& network() { return *network_; }

  Pictures pictures(const std::optional<Bytes4>& bytes, const std::optional<Floats4>& floats,
                    const std::optional<Floats>& factor, const std::optional<Floats>& offset,
                    const std::optional<Positions>& labels) const {
    const Tensor& input = plan_.tensors[plan_.steps[0].y];
    Pictures p;
    if (bytes.has_value() == floats.has_value()) throw nb::value_error("give pictures as uint8 or as float32");
    if (bytes) {
      check(*bytes, input.height, input.width, input.channels, "(N, H, W, C)");
      if (!factor || (long)factor->shape(0) != input.channels || (offset && (long)offset->shape(0) != input.channels))
        throw nb::value_error("factor and offset have one number per channel");
      p.bytes = bytes->data();
      p.factor = factor->data();
      p.offset = offset ? offset->data() : nullptr;
    } else {
      check(*floats, input.channels, input.height, input.width, "(N, C, H, W)");
      p.floats = floats->data();
    }
    const long count = (long)(bytes ? bytes->shape(0) : floats->shape(0));
    if (labels) {
      if ((long)labels->shape(0) != count)
        throw nb::value_error((std::to_string(count) + " pictures take as many labels, not " +
                               std::to_string(labels->shape(0))).c_str());
      for (long i = 0; i < count; i++)
        if (labels->data()[i] < 0 || labels->data()[i] >= plan_.classes)
          throw nb::value_error(("label " + std::to_string(labels->data()[i]) + " at " + std::to_string(i) +
                                 " is not one of " + std::to_string(plan_.classes) + " classes").c_str());
      p.labels = labels->data();
    }
    return p;
  }

  static void check_positions(const Positions& positions, long count) {
    for (size_t i = 0; i < positions.shape(0); i++)
      if (positions.data()[i] < 0 || positions.data()[i] >= count)
        throw nb::index_error(("position " + std::to_string(positions.data()[i]) + " of " + std::to_string(count) +
                               " pictures").c_str());
  }

  static void check_weights(const Floats& weights, long count) {
    if ((long)weights.shape(0) != count)
      throw nb::value_error((std::to_string(count) + " pictures take as many weights, not " +
                             std::to_string(weights.shape(0))).c_str());
    for (long i = 0; i < count; i++)
      if (!(weights.data()[i] >= 0 && weights.data()[i] <= FLT_MAX))
        throw nb::value_error(("the weight " + std::to_string(weights.data()[i]) + " at " + std::to_string(i) +
                               " should be a finite number, 0 or more").c_str());
  }

  // Whether there are any.
  static bool check_partners(const Move* moves, long count) {
    bool mixed = false;
    for (long i = 0; i < count; i++) {
      mixed |= moves[i].partner >= 0;
      if (moves[i].partner < -1 || moves[i].partner >= count || moves[i].share < 0 || moves[i].share > WHOLE)
        throw nb::value_error(("picture " + std::to_string(i) + " is mixed with one that is not there, or by an "
                               "impossible share").c_str());
    }
    return mixed;
  }

  long classes() const { return plan_.classes; }

 private:
  static const Plan& checked(const Plan& plan, const Optimizer& optimizer, int threads) {
    if (threads < 1) throw nb::value_error("a network takes at least one thread");
    const size_t weights = optimizer.class_weights.size();
    if (weights != 0 && weights != (size_t)plan.classes)
      throw nb::value_error((std::to_string(plan.classes) + " classes take as many class weights, not " +
                             std::to_string(weights)).c_str());
    return plan;
  }

  template <class A>
  static void check(const A& array, long a, long b, long c, const char* form) {
    if ((long)array.shape(1) != a || (long)array.shape(2) != b || (long)array.shape(3) != c)
      throw nb::value_error((std::string("the pictures should be ") + form + " = (N, " + std::to_string(a) + ", " +
                             std::to_string(b) + ", " + std::to_string(c) + ")").c_str());
  }

  Plan plan_;
  Threads threads_;
  std::unique_ptr<Network> network_;
};

// Calls work(threads). Threads begin too slowly to be made for each filter, so they wait for the next one, for ever: at
// the end of a process nobody may wait for them. A call beside another one makes its own.
template <class Work>
void with_threads(int count, Work&& work) {
  static std::mutex busy;
  static Threads* waiting = nullptr;
  const std::unique_lock lock(busy, std::try_to_lock);
  if (!lock || count == 1) {
    Threads own(count);
    work(own);
    return;
  }
  if (!waiting || waiting->count() != count) {
    delete waiting;
    waiting = nullptr;
    waiting = new Threads(count);
  }
  work(*waiting);
}

// What the extension's user has checked; memory safety is checked here again.
template <class Number>
void correlate(const Array<Number, nb::ndim<2>>& x, const nb::ndarray<Number, nb::ndim<2>, nb::c_contig, nb::device::cpu>& y,
               const std::optional<Array<Number, nb::ndim<2>>>& weights,
               const std::optional<std::pair<Array<Number, nb::ndim<1>>, Array<Number, nb::ndim<1>>>>& factors,
               std::pair<long, long> before, std::pair<long, long> stride, std::pair<long, long> dilation, int border,
               int threads, const std::string& name) {
  if (weights.has_value() == factors.has_value()) throw nb::value_error("either weights or factors");
  const long kernel_rows = weights ? weights->shape(0) : factors->first.shape(0);
  const long kernel_columns = weights ? weights->shape(1) : factors->second.shape(0);
  const auto slide = [](long size, long kernel, long before, long stride, long dilation, long outputs) {
    if (size < 1 || kernel < 1 || before < 0 || stride < 1 || dilation < 1 || outputs < 1)
      throw nb::value_error("sizes are from 1, padding from 0");
    return Slide{size, kernel, before, stride, dilation, outputs};
  };
  Filter<Number> f{x.data(), y.data(),
                   slide(x.shape(0), kernel_rows, before.first, stride.first, dilation.first, y.shape(0)),
                   slide(x.shape(1), kernel_columns, before.second, stride.second, dilation.second, y.shape(1)),
                   (Border)border, weights ? weights->data() : nullptr, factors ? factors->first.data() : nullptr,
                   factors ? factors->second.data() : nullptr};
  if (border < 0 || border > (int)Border::circular || threads < 1 || threads > 1024)
    throw nb::value_error("no such border, or number of threads");
  const InstructionSet set = instruction_set(name);
  nb::gil_scoped_release release;
  with_threads(threads, [&](Threads& pool) {
    if constexpr (std::is_same_v<Number, float>) set.filter_floats(f, pool);
    else set.filter_doubles(f, pool);
  });
}

}  // namespace
}  // namespace convscope

NB_MODULE(_native, m) {
  using namespace convscope;
  m.doc() = "What is compiled: networks on the CPU, 4, 8 or 16 pictures side by side, and filters of one picture.";

  nb::class_<Tensor>(m, "Tensor")
      .def(nb::init<>())
#define FIELD(type, name) .def_rw(#name, &type::name)
      FIELD(Tensor, channels) FIELD(Tensor, height) FIELD(Tensor, width) FIELD(Tensor, top) FIELD(Tensor, left)
      FIELD(Tensor, bottom) FIELD(Tensor, right) FIELD(Tensor, kept) FIELD(Tensor, shared) FIELD(Tensor, offset)
      FIELD(Tensor, bytes);

  nb::enum_<Kind>(m, "Kind")
#define VALUE(name) .value(#name, Kind::name)
      VALUE(gather) VALUE(convolution) VALUE(convolution_input) VALUE(convolution_weight) VALUE(linear)
      VALUE(linear_input) VALUE(statistics) VALUE(normalization_begin) VALUE(normalization) VALUE(normalization_sums)
      VALUE(normalization_end) VALUE(normalization_input) VALUE(max_pool) VALUE(max_pool_input) VALUE(average_pool)
      VALUE(average_pool_input) VALUE(activation) VALUE(activation_input) VALUE(add) VALUE(multiply)
      VALUE(multiply_input) VALUE(affine) VALUE(copy) VALUE(softmax) VALUE(softmax_input) VALUE(log_softmax)
      VALUE(log_softmax_input) VALUE(dropout) VALUE(loss);
#undef VALUE

  nb::enum_<Activation>(m, "Activation")
#define VALUE(name) .value(#name, Activation::name)
      VALUE(none) VALUE(relu) VALUE(leaky_relu) VALUE(relu6) VALUE(tanh) VALUE(sigmoid) VALUE(silu) VALUE(gelu)
      VALUE(gelu_tanh) VALUE(elu);
#undef VALUE

  nb::class_<Step>(m, "Step")
      .def(nb::init<>())
      FIELD(Step, kind) FIELD(Step, phase) FIELD(Step, x) FIELD(Step, x2) FIELD(Step, y) FIELD(Step, index)
      FIELD(Step, gx) FIELD(Step, gy) FIELD(Step, accumulate) FIELD(Step, weight)
      FIELD(Step, bias) FIELD(Step, running_mean) FIELD(Step, running_var) FIELD(Step, norm)
      FIELD(Step, kernel_height) FIELD(Step, kernel_width) FIELD(Step, stride_height) FIELD(Step, stride_width)
      FIELD(Step, pad_top) FIELD(Step, pad_left) FIELD(Step, pad_bottom) FIELD(Step, pad_right)
      FIELD(Step, dilation_height) FIELD(Step, dilation_width) FIELD(Step, groups) FIELD(Step, count_padding)
      FIELD(Step, adaptive) FIELD(Step, pool) FIELD(Step, winograd) FIELD(Step, activation) FIELD(Step, slope)
      FIELD(Step, factor) FIELD(Step, offset) FIELD(Step, whole_channels) FIELD(Step, number)
      FIELD(Step, first_channel) FIELD(Step, momentum) FIELD(Step, epsilon);

  nb::class_<Plan>(m, "Plan")
      .def(nb::init<>())
      FIELD(Plan, tensors) FIELD(Plan, steps) FIELD(Plan, serial) FIELD(Plan, thread_elements)
      FIELD(Plan, block_elements) FIELD(Plan, parameters) FIELD(Plan, norms) FIELD(Plan, classes)
      .def("add_trainable", [](Plan& p, long begin, long end, double ratio) { p.trainable.push_back({begin, end, ratio}); },
           "begin"_a, "end"_a, "ratio"_a = 1.0);

  nb::enum_<Rule>(m, "Rule").value("sgd", Rule::sgd).value("adam", Rule::adam).value("adamw", Rule::adamw);
  nb::class_<Optimizer>(m, "Optimizer")
      .def(nb::init<>())
      FIELD(Optimizer, rule) FIELD(Optimizer, beta1) FIELD(Optimizer, beta2) FIELD(Optimizer, epsilon)
      FIELD(Optimizer, nesterov) FIELD(Optimizer, weight_decay) FIELD(Optimizer, clip_norm)
      FIELD(Optimizer, label_smoothing) FIELD(Optimizer, class_weights);
#undef FIELD

  nb::class_<Runner>(m, "Network")
      .def(nb::init<const Plan&, const Optimizer&, int, const std::string&>(), "plan"_a, "optimizer"_a, "threads"_a,
           "instruction_set"_a = "")
      .def_prop_ro("parameters", [](Runner& r) { return r.numbers(r.network().parameters()); })
      .def("parameters_changed", [](Runner& r) { r.network().parameters_changed(); },
           "To be called after `parameters` were written to.")
      .def_prop_ro("gradients", [](Runner& r) { return r.numbers(r.network().gradients()); })
      .def_prop_ro("first_moments", [](Runner& r) { return r.numbers(r.network().first_moments()); })
      .def_prop_ro("second_moments", [](Runner& r) { return r.numbers(r.network().second_moments()); })
      .def_prop_rw("steps_done", [](Runner& r) { return r.network().steps_done(); },
                   [](Runner& r, int64_t steps) { r.network().set_steps_done(steps); })
      .def(
          "logits",
          [](Runner& r, std::optional<Bytes4> bytes, std::optional<Floats4> floats, std::optional<Floats> factor,
             std::optional<Floats> offset) {
            const Pictures pictures = r.pictures(bytes, floats, factor, offset, {});
            const size_t count = bytes ? bytes->shape(0) : floats->shape(0), classes = (size_t)r.classes();
            float* out = new float[count * classes];
            nb::capsule owner(out, [](void* p) noexcept { delete[] (float*)p; });
            {
              nb::gil_scoped_release release;
              r.network().logits(pictures, (long)count, out);
            }
            return nb::ndarray<nb::numpy, float, nb::ndim<2>>(out, {count, classes}, owner);
          },
          "bytes"_a = nb::none(), "floats"_a = nb::none(), "factor"_a = nb::none(), "offset"_a = nb::none())
      .def(
          "train",
          [](Runner& r, std::optional<Bytes4> bytes, std::optional<Floats4> floats, std::optional<Floats> factor,
             std::optional<Floats> offset, Positions labels, Positions positions, Positions starts, Doubles rates,
             uint64_t seed, int64_t first_step, std::optional<Moves> moves, int fill, int hole, bool reflect,
             std::optional<Floats> weights) {
            Pictures pictures = r.pictures(bytes, floats, factor, offset, labels);
            const long count = (long)(bytes ? bytes->shape(0) : floats->shape(0)), batches = (long)rates.shape(0);
            Runner::check_positions(positions, count);
            bool ordered = (long)starts.shape(0) == batches + 1 && starts.data()[0] == 0 &&
                           starts.data()[batches] <= (long)positions.shape(0);
            for (long i = 0; ordered && i < batches; i++) ordered = starts.data()[i] < starts.data()[i + 1];
            if (!ordered) throw nb::value_error("starts rise from 0, one for each batch and the end");
            if (moves) {
              if ((long)moves->shape(0) != count || moves->shape(1) != MOVE_NUMBERS || !bytes)
                throw nb::value_error("moves are int32 (N, 11), of uint8 pictures");
              pictures.moves = (const Move*)moves->data();
              pictures.mixed = Runner::check_partners(pictures.moves, count);
            }
            if (weights) Runner::check_weights(*weights, count);
            pictures.weights = weights ? weights->data() : nullptr;
            pictures.fill = fill;
            pictures.hole = hole;
            pictures.reflect = reflect;
            double* losses = new double[batches];
            nb::capsule owner(losses, [](void* p) noexcept { delete[] (double*)p; });
            Result result;
            {
              nb::gil_scoped_release release;
              result = r.network().train(pictures, positions.data(), starts.data(), batches, rates.data(), seed,
                                         first_step, losses);
            }
            return std::pair{nb::ndarray<nb::numpy, double, nb::ndim<1>>(losses, {(size_t)batches}, owner),
                             result.correct};
          },
          nb::kw_only(), "bytes"_a = nb::none(), "floats"_a = nb::none(), "factor"_a = nb::none(),
          "offset"_a = nb::none(), "labels"_a, "positions"_a, "starts"_a, "rates"_a, "seed"_a = 0,
          "first_step"_a = 0, "moves"_a = nb::none(), "fill"_a = 0, "hole"_a = 0, "reflect"_a = false,
          "weights"_a = nb::none());

  const auto define_correlate = [&](auto function) {
      m.def("correlate", function, nb::kw_only(), "x"_a.noconvert(), "y"_a.noconvert(),
            "weights"_a.noconvert() = nb::none(), "factors"_a = nb::none(), "before"_a, "stride"_a, "dilation"_a,
            "border"_a, "threads"_a, "instruction_set"_a = "",
            "Fill y with the cross-correlation of x and the weights, or the product of a column and a row.");
  };
  define_correlate(&correlate<float>);
  define_correlate(&correlate<double>);

  m.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const InstructionSet& set : instruction_sets()) names.push_back(set.name);
    return names;
  }, "The instruction sets that this processor has, the widest (and default) first.");
  m.def("lanes", [](const std::string& name) { return instruction_set(name).lanes; }, "instruction_set"_a = "",
        "Pictures that lie side by side.");
  m.def(
      "peak",
      [](int threads, double seconds, const std::string& name) {
        const InstructionSet set = instruction_set(name);
        nb::gil_scoped_release release;
        Threads pool(threads);
        double best = 0;
        const auto clock = [] { return std::chrono::steady_clock::now(); };
        for (const auto begin = clock(); std::chrono::duration<double>(clock() - begin).count() < seconds;) {
          std::vector<double> done(threads);
          const auto start = clock();
          pool.share(threads, [&](long item, int) { done[item] = set.multiply_adds(2000000); });
          double sum = 0;
          for (double d : done) sum += d;
          best = std::max(best, sum / std::chrono::duration<double>(clock() - start).count());
        }
        return best / 1e9;
      },
      "threads"_a, "seconds"_a = 0.5, "instruction_set"_a = "",
      "Measured GFLOP/s of multiply-adds that nothing slows, the best of many short runs.");
}
