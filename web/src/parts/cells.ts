// The cells of a map: where they lie on it, and how the keyboard goes over them.

export type Cell = readonly [row: number, column: number];

/** Part of a map, in cells; it may reach beyond the map's edge. */
export interface Rectangle {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

/** The style of something that lies over part of a map, as far as that is on it. */
export function placed(part: Rectangle, rows: number, columns: number): string {
  const [top, left] = [Math.max(0, part.row), Math.max(0, part.column)];
  const height = Math.max(0, Math.min(rows, part.row + part.rows) - top);
  const width = Math.max(0, Math.min(columns, part.column + part.columns) - left);
  const share = (length: number, whole: number) => `${(100 * length) / whole}%`;
  return (
    `top: ${share(top, rows)}; left: ${share(left, columns)}; ` +
    `height: ${share(height, rows)}; width: ${share(width, columns)};`
  );
}

/** The cell under a pointer. */
export function cellAt(event: MouseEvent, rows: number, columns: number): [number, number] {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return [
    within(Math.floor(((event.clientY - box.top) / box.height) * rows), rows),
    within(Math.floor(((event.clientX - box.left) / box.width) * columns), columns),
  ];
}

/** The cell that a key leads to; null where the key is none of these. */
export function moved(
  key: string,
  [row, column]: Cell,
  rows: number,
  columns: number,
): [number, number] | null {
  const to: Record<string, Cell> = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, columns - 1],
    PageUp: [0, column],
    PageDown: [rows - 1, column],
  };
  const next = to[key];
  return next ? [within(next[0], rows), within(next[1], columns)] : null;
}

let last: readonly [x: number, y: number] | null = null; // where the pointer was, of all maps

/** Whether a pointer has not moved since it was heard of last: browsers tell of it where the page moved below it. */
export function isStill({ clientX, clientY }: MouseEvent): boolean {
  const still = last?.[0] === clientX && last[1] === clientY;
  last = [clientX, clientY];
  return still;
}

function within(place: number, size: number): number {
  return Math.min(size - 1, Math.max(0, place));
}
