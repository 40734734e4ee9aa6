import type { Area } from '../parts/cells';

// What of a plane is shown as numbers, and what as pixels.

const MOST_ROWS = 18;
const MOST_PLACES = 40; // of a signal
const MOST_CELLS = 1500; // of all planes

/** Whether planes are shown as numbers; larger ones are pixels. */
export function asNumbers(rows: number, columns: number, planes: number): boolean {
  const wide = columns <= (rows === 1 ? MOST_PLACES : MOST_ROWS);
  return wide && rows <= MOST_ROWS && rows * columns * planes <= MOST_CELLS;
}

const PIECE = 13;

/** The piece around a window that is shown as numbers: a cell more on each side, and no more than can be read. */
export function cut(window: Area, whole: { paddedRows: number; paddedColumns: number }): Area {
  const [row, rows] = along(window.row, window.rows, whole.paddedRows);
  const [column, columns] = along(window.column, window.columns, whole.paddedColumns);
  return { row, rows, column, columns };

  function along(start: number, length: number, size: number): [number, number] {
    const wanted = Math.min(size, PIECE, length + 2);
    const first = Math.round(start + length / 2 - wanted / 2);
    return [Math.max(0, Math.min(size - wanted, first)), wanted];
  }
}
