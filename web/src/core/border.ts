import { checkCount } from './limits';
import type { Pair } from './geometry';
import type { Border } from './sliding';
import { countOf, tensor, type Tensor } from './tensor';

// What lies beyond the border, as in convscope.ops.looking and convscope.ops.padding.

/** Where the number at `index` of an axis comes from; -1 for a zero, which comes from nowhere. */
export function sourceIndex(index: number, size: number, border: Border): number {
  if (index >= 0 && index < size) return index;
  if (border === 'zeros') return -1;
  if (border === 'circular') return modulo(index, size);
  if (border === 'reflect' && size > 1) {
    const period = 2 * (size - 1);
    const turned = modulo(index, period);
    return Math.min(turned, period - turned);
  }
  return Math.min(Math.max(index, 0), size - 1);
}

/** The input with its border around the last axes, one pair per axis; `beyond` stands for zeros. */
export function padded(values: Tensor, pads: readonly Pair[], border: Border, beyond = 0): Tensor {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return values;
  const leading = values.shape.slice(0, values.shape.length - pads.length);
  const sizes = values.shape.slice(leading.length);
  const wide = sizes.map((size, axis) => pads[axis]![0] + size + pads[axis]![1]);
  checkCount([...leading, ...wide], 'padding');
  const sources = sizes.map((size, axis) =>
    Int32Array.from({ length: wide[axis]! }, (_, index) => sourceIndex(index - pads[axis]![0], size, border)),
  );
  const columns = sources.at(-1)!;
  const rows = sources.length === 2 ? sources[0]! : Int32Array.of(0);
  const width = sizes.at(-1)!;
  const count = countOf(sizes);
  const data = new Float64Array(countOf(leading) * countOf(wide));
  let to = 0;
  for (let from = 0; from < values.data.length; from += count) {
    for (const row of rows) {
      for (const column of columns)
        data[to++] = row < 0 || column < 0 ? beyond : values.data[from + row * width + column]!;
    }
  }
  return tensor([...leading, ...wide], data);
}

function modulo(index: number, size: number): number {
  return ((index % size) + size) % size;
}
