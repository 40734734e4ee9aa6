/** A row and a column, counted from 0; of a signal the row is 0. */
export type Place = readonly [number, number];

const PAGE = 10;

/** Where a key leads from a place in a grid; null where the key is none that moves. */
export function moved(
  event: KeyboardEvent,
  [row, column]: Place,
  rows: number,
  columns: number,
): Place | null {
  if (event.altKey || event.metaKey) return null;
  const far = event.shiftKey ? PAGE : 1;
  switch (event.key) {
    case 'ArrowLeft':
      return kept(row, column - far);
    case 'ArrowRight':
      return kept(row, column + far);
    case 'ArrowUp':
      return kept(row - far, column);
    case 'ArrowDown':
      return kept(row + far, column);
    case 'PageUp':
      return kept(row - PAGE, column);
    case 'PageDown':
      return kept(row + PAGE, column);
    case 'Home':
      return kept(event.ctrlKey ? 0 : row, 0);
    case 'End':
      return kept(event.ctrlKey ? rows - 1 : row, columns - 1);
    default:
      return null;
  }

  function kept(toRow: number, toColumn: number): Place {
    return [Math.max(0, Math.min(rows - 1, toRow)), Math.max(0, Math.min(columns - 1, toColumn))];
  }
}

/** A part of a grid. */
export interface Area {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

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
