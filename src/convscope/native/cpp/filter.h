// One picture under one kernel: the cross-correlation of convscope.ops, whatever the instruction set.
#pragma once

namespace convscope {

enum class Border : int { zeros, reflect, replicate, circular };

// How the kernel walks along one axis.
struct Slide {
  long size = 0;          // of the picture
  long kernel = 1;        // taps
  long before = 0;        // padding at the start
  long stride = 1, dilation = 1;
  long outputs = 0;

  long extent() const { return dilation * (kernel - 1) + 1; }
};

// y[i][j] = sum over a, b of weights[a][b] * x[s i + d a - before][s j + d b - before]; all arrays row by row.
template <class Number>
struct Filter {
  const Number* x;
  Number* y;
  Slide rows, columns;
  Border border;
  const Number* weights;  // rows.kernel x columns.kernel; or null, and then the product of
  const Number* column;   // rows.kernel numbers and
  const Number* row;      // columns.kernel numbers
};

class Threads;

}  // namespace convscope
