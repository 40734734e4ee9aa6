// The kernels of filter.h: tiles of outputs in registers, straight from the picture; where a window reaches beyond the
// border, from a strip that continues the row. Compiled once per instruction set.
#include "filter.h"

#include <algorithm>
#include <vector>

#include "convolution.h"  // with_constant, Parts
#include "threads.h"

namespace convscope {
namespace LANES_ISA {
namespace {

constexpr int VECTOR_BYTES = 4 * LANES;
constexpr long BAND = 32;  // rows of outputs that one item of work computes
constexpr int MAX_ROWS = 4;
constexpr int vectors_of(int rows) {
  return CONVSCOPE_REGISTERS == 32 ? (rows == 1 ? 8 : rows == 2 ? 8 : rows == 3 ? 6 : 5) : (rows == 1 ? 8 : rows == 2 ? 4 : rows == 3 ? 3 : 2);
}

template <class Number>
struct Wide {
  typedef Number Vector __attribute__((vector_size(VECTOR_BYTES)));
  typedef Number Unaligned __attribute__((vector_size(VECTOR_BYTES), aligned(alignof(Number)), may_alias));
  static constexpr long WIDTH = VECTOR_BYTES / sizeof(Number);
};

// Where position `at` of an axis comes from; -1: from nowhere, it is zero.
long source(long at, long size, Border border) {
  if (0 <= at && at < size) return at;
  switch (border) {
    case Border::zeros: return -1;
    case Border::replicate: return at < 0 ? 0 : size - 1;
    case Border::circular: return (at % size + size) % size;
    case Border::reflect: break;
  }
  if (size == 1) return 0;
  const long period = 2 * (size - 1), turned = (at % period + period) % period;
  return std::min(turned, period - turned);
}

// ---- tiles: ROWS rows of outputs, `rows_apart` rows of x from each other, at COUNT vectors ------------------------

// Adds what row r of x gives to the outputs FIRST..LAST of the tile, of which output q sees it under row r - q of the
// kernel.
template <class Number, int ROWS, int COUNT, int FIRST, int LAST>
INLINE void add_row(const Number* x, long r, const Number* weights, long taps, long dilation,
                    typename Wide<Number>::Vector (&sum)[ROWS][COUNT]) {
  using W = Wide<Number>;
  for (long b = 0; b < taps; b++, x += dilation) {
    typename W::Vector v[COUNT];
    UNROLL for (int n = 0; n < COUNT; n++) v[n] = (typename W::Vector) * (const typename W::Unaligned*)(x + n * W::WIDTH);
    UNROLL for (int q = FIRST; q < LAST; q++) {
      const Number weight = weights[(r - q) * taps + b];
      UNROLL for (int n = 0; n < COUNT; n++) sum[q][n] += v[n] * weight;
    }
  }
}

template <class Number, int ROWS, int COUNT, size_t... N>
INLINE void add_first_rows([[maybe_unused]] const Number* const* x, [[maybe_unused]] long at,
                           [[maybe_unused]] const Number* weights, const Slide& s,
                           typename Wide<Number>::Vector (&sum)[ROWS][COUNT], std::index_sequence<N...>) {
  (add_row<Number, ROWS, COUNT, 0, (int)N + 1>(x[N] + at, N, weights, s.kernel, s.dilation, sum), ...);
}

template <class Number, int ROWS, int COUNT, size_t... N>
INLINE void add_last_rows([[maybe_unused]] const Number* const* x, [[maybe_unused]] long at, long kernel_rows,
                          [[maybe_unused]] const Number* weights, const Slide& s,
                          typename Wide<Number>::Vector (&sum)[ROWS][COUNT], std::index_sequence<N...>) {
  (add_row<Number, ROWS, COUNT, (int)N + 1, ROWS>(x[kernel_rows + N] + at, kernel_rows + N, weights, s.kernel,
                                                  s.dilation, sum), ...);
}

// x: a pointer for each row of x that the tile sees, ROWS + kernel_rows - 1 of them. `at` is the column.
template <class Number, int ROWS, int COUNT>
INLINE void tile(const Number* const* x, long at, long kernel_rows, const Number* weights, const Slide& s,
                 Number* const (&y)[MAX_ROWS]) {
  using W = Wide<Number>;
  typename W::Vector sum[ROWS][COUNT] = {};
  add_first_rows<Number, ROWS, COUNT>(x, at, weights, s, sum, std::make_index_sequence<ROWS - 1>{});
  for (long r = ROWS - 1; r < kernel_rows; r++)
    add_row<Number, ROWS, COUNT, 0, ROWS>(x[r] + at, r, weights, s.kernel, s.dilation, sum);
  add_last_rows<Number, ROWS, COUNT>(x, at, kernel_rows, weights, s, sum, std::make_index_sequence<ROWS - 1>{});
  UNROLL for (int q = 0; q < ROWS; q++) UNROLL for (int n = 0; n < COUNT; n++)
    *(typename W::Unaligned*)(y[q] + at + n * W::WIDTH) = (typename W::Unaligned)sum[q][n];
}

// Outputs first..last of ROWS rows, at least one vector of them; the last vector may repeat some.
template <class Number, int ROWS>
NOINLINE void tiles(const Number* const* x, long first, long last, long kernel_rows, const Number* weights,
                    const Slide& s, Number* const (&y)[MAX_ROWS]) {
  constexpr int COUNT = vectors_of(ROWS);
  constexpr long WIDTH = Wide<Number>::WIDTH;
  long at = first;
  for (; at + COUNT * WIDTH <= last; at += COUNT * WIDTH) tile<Number, ROWS, COUNT>(x, at, kernel_rows, weights, s, y);
  for (; at < last; at += WIDTH) tile<Number, ROWS, 1>(x, std::min(at, last - WIDTH), kernel_rows, weights, s, y);
}

// ---- rows ----------------------------------------------------------------------------------------------------------

// Some rows, each continued beyond its ends: the outputs begin..end of a row read strips and not the row itself.
template <class Number>
class Strips {
 public:
  Strips(long rows, const Slide& s, Border border, long begin, long end)
      : s_(s), border_(border), begin_(begin), length_(end - begin + s.extent() - 1 + Wide<Number>::WIDTH),
        values_(rows * length_) {}

  void fill(long number, const Number* row) {
    Number* to = &values_[number * length_];
    const long start = begin_ - s_.before;
    const long inside = std::clamp(-start, 0L, length_), after = std::clamp(s_.size - start, inside, length_);
    const auto beyond = [&](long k) {
      const long from = row ? source(start + k, s_.size, border_) : -1;
      to[k] = from < 0 ? 0 : row[from];
    };
    for (long k = 0; k < inside; k++) beyond(k);
    if (row) std::copy(row + start + inside, row + start + after, to + inside);
    else std::fill(to + inside, to + after, Number(0));
    for (long k = after; k < length_; k++) beyond(k);
  }

  // So that adding an output's column gives what it sees first.
  const Number* row(long number) const { return values_.data() + number * length_ - begin_; }

 private:
  Slide s_;
  Border border_;
  long begin_, length_;
  std::vector<Number> values_;
};

// Rows of outputs at a time, of rows of x that are given.
template <class Number>
class Sweep {
 public:
  Sweep(const Slide& s, Border border, long kernel_rows, const Number* weights, int most_rows)
      : s_(s), kernel_rows_(kernel_rows), weights_(weights), whole_(s.size + s.before + s.extent()),
        positions_((s.outputs - 1) * s.stride + 1), first_(std::clamp(s.before, 0L, positions_)),
        last_(std::clamp(s.size + s.before - s.extent() + 1, first_, positions_)), inner_(last_ - first_ >= WIDTH),
        left_(most_rows + kernel_rows - 1, s, border, 0, inner_ ? first_ : positions_),
        right_(most_rows + kernel_rows - 1, s, border, last_, inner_ ? positions_ : last_), x_(most_rows + kernel_rows - 1),
        results_(MAX_ROWS * (positions_ + WIDTH)) {}

  // y[q] for q < count from the rows `rows`, of which null ones are zero.
  void run(const std::vector<const Number*>& rows, int count, Number* const (&y)[MAX_ROWS]) {
    const long seen = count + kernel_rows_ - 1;
    const bool direct = s_.stride == 1;
    Number* to[MAX_ROWS] = {};
    for (int q = 0; q < count; q++) to[q] = direct ? y[q] : &results_[q * (positions_ + WIDTH)];
    for (long r = 0; r < seen; r++) {
      left_.fill(r, rows[r]);
      if (inner_) right_.fill(r, rows[r]);
    }
    if (inner_) {
      strip(left_, 0, first_, seen, count, to);
      for (long r = 0; r < seen; r++) x_[r] = rows[r] ? rows[r] - s_.before : zeros();
      sweep(x_.data(), first_, last_, count, to);
      strip(right_, last_, positions_, seen, count, to);
    } else {
      strip(left_, 0, positions_, seen, count, to);
    }
    if (!direct)
      for (int q = 0; q < count; q++)
        for (long j = 0; j < s_.outputs; j++) y[q][j] = to[q][j * s_.stride];
  }

 private:
  static constexpr long WIDTH = Wide<Number>::WIDTH;

  const Number* zeros() {
    if (zeros_.empty()) zeros_.resize(whole_);
    return zeros_.data();
  }

  void sweep(const Number* const* x, long first, long last, int count, Number* const (&y)[MAX_ROWS]) {
    with_constant<MAX_ROWS>(count, [&](auto rows) {
      tiles<Number, decltype(rows)::value>(x, first, last, kernel_rows_, weights_, s_, y);
    });
  }

  // Outputs begin..end of strips, which may be fewer than a vector.
  void strip(const Strips<Number>& strips, long begin, long end, long seen, int count, Number* const (&y)[MAX_ROWS]) {
    if (begin >= end) return;
    for (long r = 0; r < seen; r++) x_[r] = strips.row(r);
    edge_.resize(MAX_ROWS * (end - begin + WIDTH));
    Number* to[MAX_ROWS];
    for (int q = 0; q < MAX_ROWS; q++) to[q] = &edge_[q * (end - begin + WIDTH)] - begin;
    sweep(x_.data(), begin, begin + std::max(WIDTH, end - begin), count, to);
    for (int q = 0; q < count; q++) std::copy(to[q] + begin, to[q] + end, y[q] + begin);
  }

  Slide s_;
  long kernel_rows_;
  const Number* weights_;
  long whole_, positions_, first_, last_;
  bool inner_;
  Strips<Number> left_, right_;
  std::vector<const Number*> x_;
  std::vector<Number> results_, edge_, zeros_;
};

// Rows of outputs that share rows of x: as many as the kernel has, where the stride lets them overlap.
int rows_together(const Slide& rows) {
  return rows.stride == 1 && rows.dilation == 1 ? (int)std::min<long>(rows.kernel, MAX_ROWS) : 1;
}

template <class Number>
void whole_kernel(const Filter<Number>& f, long first, long last) {
  const int most = rows_together(f.rows);
  Sweep<Number> sweep(f.columns, f.border, f.rows.kernel, f.weights, most);
  std::vector<const Number*> rows(most + f.rows.kernel - 1);
  for (long i = first; i < last;) {
    const int count = (int)std::min<long>(most, last - i);
    for (long r = 0; r < count + f.rows.kernel - 1; r++) {
      const long from = source(i * f.rows.stride + r * f.rows.dilation - f.rows.before, f.rows.size, f.border);
      rows[r] = from < 0 ? nullptr : f.x + from * f.columns.size;
    }
    Number* y[MAX_ROWS] = {};
    for (int q = 0; q < count; q++) y[q] = f.y + (i + q) * f.columns.outputs;
    sweep.run(rows, count, y);
    i += count;
  }
}

// Down the columns first, which needs no columns beyond the border, then along the rows of that.
template <class Number>
void column_and_row(const Filter<Number>& f, long first, long last) {
  const int most = rows_together(f.rows);
  const long width = f.columns.size;
  Slide straight;
  straight.size = straight.outputs = width;
  Sweep<Number> down(straight, f.border, f.rows.kernel, f.column, most);
  Sweep<Number> along(f.columns, f.border, 1, f.row, 1);
  std::vector<Number> between(MAX_ROWS * width);
  std::vector<const Number*> rows(most + f.rows.kernel - 1), one(1);
  for (long i = first; i < last;) {
    const int count = (int)std::min<long>(most, last - i);
    for (long r = 0; r < count + f.rows.kernel - 1; r++) {
      const long from = source(i * f.rows.stride + r * f.rows.dilation - f.rows.before, f.rows.size, f.border);
      rows[r] = from < 0 ? nullptr : f.x + from * width;
    }
    Number* to[MAX_ROWS];
    for (int q = 0; q < MAX_ROWS; q++) to[q] = &between[q * width];
    down.run(rows, count, to);
    for (int q = 0; q < count; q++) {
      one[0] = to[q];
      Number* y[MAX_ROWS] = {f.y + (i + q) * f.columns.outputs};
      along.run(one, 1, y);
    }
    i += count;
  }
}

template <class Number>
void in_bands(const Filter<Number>& f, Threads& threads) {
  const long bands = (f.rows.outputs + BAND - 1) / BAND;
  threads.share(bands, [&](long band, int) {
    const long first = band * BAND, last = std::min(f.rows.outputs, first + BAND);
    if (f.weights) whole_kernel(f, first, last);
    else column_and_row(f, first, last);
  });
}

}  // namespace

void filter(const Filter<float>& f, Threads& threads) { in_bands(f, threads); }
void filter(const Filter<double>& f, Threads& threads) { in_bands(f, threads); }

}  // namespace LANES_ISA
}  // namespace convscope
