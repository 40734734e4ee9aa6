import type { FloatTensor } from '../api';

/** Numbers of a layer that are drawn as one map; `first` is where they begin, and they lie row by row. */
export interface Plane {
  channel: number | null; // which it is; null where one map holds all
  rows: number;
  columns: number;
  values: Float32Array;
}

const LONG = 40; // numbers of a vector that still are bars

/** How a layer is drawn: maps of channels, one map of a signal (a row per channel), bars, or a wrapped vector. */
type Form = 'maps' | 'signal' | 'bars' | 'wrapped';

export function formOf(shape: readonly number[]): Form {
  if (shape.length === 3) return 'maps';
  if (shape.length === 2) return 'signal';
  return (shape[0] ?? 0) <= LONG ? 'bars' : 'wrapped';
}

/** A layer's maps, without copies of its numbers; the last row of a wrapped vector is filled up with NaN. */
export function planesOf({ shape, data }: FloatTensor): Plane[] {
  const form = formOf(shape);
  if (form === 'maps') {
    const [channels, rows, columns] = shape as [number, number, number];
    const size = rows * columns;
    return Array.from({ length: channels }, (_, channel) => ({
      channel,
      rows,
      columns,
      values: data.subarray(channel * size, (channel + 1) * size),
    }));
  }
  if (form === 'signal') {
    const [rows, columns] = shape as [number, number];
    return [{ channel: null, rows, columns, values: data }];
  }
  const { rows, columns } = wrapped(data.length);
  const values = new Float32Array(rows * columns).fill(NaN);
  values.set(data);
  return [{ channel: null, rows, columns, values }];
}

/** A vector as rows of about twice as many columns. */
export function wrapped(length: number): { rows: number; columns: number } {
  const columns = Math.max(1, Math.ceil(Math.sqrt(length * 2)));
  return { rows: Math.max(1, Math.ceil(length / columns)), columns };
}

/** Which number of the layer lies at a place of a plane; null behind the end of a wrapped vector. */
export function indexAt(
  shape: readonly number[],
  plane: Plane,
  row: number,
  column: number,
): readonly number[] | null {
  if (shape.length === 3) return [plane.channel ?? 0, row, column];
  if (shape.length === 2) return [row, column];
  const at = row * plane.columns + column;
  return at < (shape[0] ?? 0) ? [at] : null;
}

/** Where a number of the layer lies: on which plane, in which row and column. */
export function placeOf(
  shape: readonly number[],
  index: readonly number[],
): { plane: number; row: number; column: number } | null {
  if (index.length !== shape.length || index.some((at, axis) => at >= (shape[axis] ?? 0))) return null;
  const [first = 0, second = 0, third = 0] = index;
  if (shape.length === 3) return { plane: first, row: second, column: third };
  if (shape.length === 2) return { plane: 0, row: first, column: second };
  const { columns } = wrapped(shape[0] ?? 0);
  return { plane: 0, row: Math.floor(first / columns), column: first % columns };
}
