import { words } from '../words';
import { sourceIndex } from './border';
import { CoreError } from './sliding';
import { countOf, holds, tensor, type Tensor } from './tensor';
import type { Windows } from './windows';

// Looking through one window at a time, as in convscope.ops.looking: the cost is that of the window.

/** What one window sees. */
export interface View {
  start: number[]; // negative in the padding
  coordinates: number[][]; // per axis
  window: Tensor; // (C,) and the window's size
  inside: boolean[];
}

/** The window of the output position `place`, one number per axis, over the last axes of `values`. */
export function look(values: Tensor, { axes, settings }: Windows, place: readonly number[]): View {
  const start = axes.map(({ stride, before }, axis) => place[axis]! * stride - before);
  const coordinates = axes.map(({ kernel, dilation }, axis) =>
    Array.from({ length: kernel }, (_, tap) => start[axis]! + dilation * tap),
  );
  const leading = values.shape.slice(0, values.shape.length - axes.length);
  const width = axes.at(-1)!.size;
  const [rows, columns] = axes.length === 2 ? (coordinates as [number[], number[]]) : [[0], coordinates[0]!];
  const height = axes.length === 2 ? axes[0]!.size : 1;
  const numbers: number[] = [];
  const inside: boolean[] = [];
  for (let channel = 0; channel < countOf(leading); channel++) {
    for (const row of rows) {
      for (const column of columns) {
        const from = sourceIndex(row, height, settings.border);
        const under = sourceIndex(column, width, settings.border);
        const zero = from < 0 || under < 0;
        numbers.push(zero ? 0 : values.data[(channel * height + from) * width + under]!);
        inside.push(row >= 0 && row < height && column >= 0 && column < width);
      }
    }
  }
  const shape = [...leading, ...axes.map(({ kernel }) => kernel)];
  return { start, coordinates, window: tensor(shape, numbers), inside };
}

/** Throws where the output has no such place. */
export function checkPosition(shape: readonly number[], position: readonly number[]): void {
  if (!holds(shape, position)) throw new CoreError(words.core.noStep(position, shape), 'at');
}

/** Something computed when it is first asked for, and kept. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
