import type { FloatTensor } from '../api';
import { planesOf } from './planes';

/** The first maps of a layer in a square with a line of nothing between them, as one map; of one map itself. */
export function mosaic(
  output: FloatTensor,
  most: number,
): { rows: number; columns: number; values: Float32Array } {
  const planes = planesOf(output).slice(0, most);
  const first = planes[0];
  if (!first) return { rows: 1, columns: 1, values: Float32Array.of(NaN) };
  const across = Math.ceil(Math.sqrt(planes.length));
  const down = Math.ceil(planes.length / across);
  const gap = planes.length > 1 ? Math.max(1, Math.round(first.rows / 14)) : 0;
  const [rows, columns] = [down * (first.rows + gap) - gap, across * (first.columns + gap) - gap];
  const values = new Float32Array(rows * columns).fill(NaN);
  planes.forEach((plane, number) => {
    const top = Math.floor(number / across) * (plane.rows + gap);
    const left = (number % across) * (plane.columns + gap);
    for (let row = 0; row < plane.rows; row++)
      values.set(
        plane.values.subarray(row * plane.columns, (row + 1) * plane.columns),
        (top + row) * columns + left,
      );
  });
  return { rows, columns, values };
}
