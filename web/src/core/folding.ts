import type { AxisSize } from './sliding';
import { countOf, tensor, type Tensor } from './tensor';
import { padded } from './border';
import type { Windows } from './windows';

// Pools of whole maps, as in convscope.ops.folding: along the rows first, and then along what that gives, which takes
// height + width operations for a window and not height · width.

/** The largest number of each window; what is padded with zeros never wins. */
export function largest(values: Tensor, windows: Windows): Tensor {
  const wide = padded(values, windows.pads, windows.settings.border, -Infinity);
  return alongEachAxis(wide, windows, (lines) => lines.fold(-Infinity, (most, x) => (x > most ? x : most)));
}

/** The mean of each window, padded zeros among its numbers. */
export function average(values: Tensor, windows: Windows): Tensor {
  const wide = padded(values, windows.pads, windows.settings.border);
  const sums = alongEachAxis(wide, windows, (lines) => lines.fold(0, (sum, x) => sum + x));
  const count = countOf(windows.axes.map(({ kernel }) => kernel));
  return tensor(
    sums.shape,
    sums.data.map((sum) => sum / count),
  );
}

/** (Σ |x|^p)^(1/p) of each window. */
export function norm(values: Tensor, windows: Windows, p: number): Tensor {
  const wide = padded(values, windows.pads, windows.settings.border);
  const root = p === 2 ? Math.sqrt : (sum: number) => sum ** (1 / p);
  return alongEachAxis(wide, windows, (lines) => {
    const most = lines.fold(0, (most, x) => (Math.abs(x) > most ? Math.abs(x) : most));
    const scale = most.map((number) => number || 1); // divided out, so that no power overflows
    const sums = lines.fold(0, (sum, x, to) => sum + power(Math.abs(x) / scale[to]!, p));
    return sums.map((sum, to) => root(sum) * scale[to]!);
  });
}

/** x^p, the quick way where there is one. */
export function power(x: number, p: number): number {
  return p === 1 ? x : p === 2 ? x * x : x ** p;
}

/** All windows along one axis of an array of (outer, length, inner). */
class Lines {
  constructor(
    readonly values: Float64Array,
    readonly length: number,
    readonly inner: number,
    readonly axis: AxisSize,
  ) {}

  /** One number for each window: what `take` makes of the last one and the next number, from `first` on. */
  fold(first: number, take: (last: number, number: number, to: number) => number): Float64Array {
    const { values, length, inner } = this;
    const { kernel, stride, dilation, output } = this.axis;
    const outer = values.length / (length * inner);
    const result = new Float64Array(outer * output * inner).fill(first);
    for (let block = 0; block < outer; block++) {
      for (let tap = 0; tap < kernel; tap++) {
        let to = block * output * inner;
        for (let place = 0; place < output; place++) {
          let from = (block * length + place * stride + tap * dilation) * inner;
          for (const end = to + inner; to < end; to++, from++)
            result[to] = take(result[to]!, values[from]!, to);
        }
      }
    }
    return result;
  }
}

function alongEachAxis(wide: Tensor, { axes }: Windows, reduce: (lines: Lines) => Float64Array): Tensor {
  let { data } = wide;
  const shape = [...wide.shape];
  for (let axis = shape.length - 1; axis >= shape.length - axes.length; axis--) {
    const lies = axes[axis - (shape.length - axes.length)]!;
    data = reduce(new Lines(data, shape[axis]!, countOf(shape.slice(axis + 1)), lies));
    shape[axis] = lies.output;
  }
  return tensor(shape, data);
}
