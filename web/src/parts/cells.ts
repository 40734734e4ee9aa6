// The cells of a map: where they lie on it, and how the keyboard goes over them.

/** A row and a column, counted from 0; of a signal the row is 0. */
export type Place = readonly [row: number, column: number];

/** A part of a map, in cells; it may reach beyond the map's edge. */
export interface Area {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

/** The style of something that lies over part of a map, as far as that is on it. */
export function placed(part: Area, rows: number, columns: number): string {
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
export function cellAt(event: MouseEvent, rows: number, columns: number): Place {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return [
    within(Math.floor(((event.clientY - box.top) / box.height) * rows), rows),
    within(Math.floor(((event.clientX - box.left) / box.width) * columns), columns),
  ];
}

type Keys = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>;

/** The cell that a key leads to; null where the key is none that moves. An arrow with Shift goes `far` cells, and so does
 * a page; Home and End go along the row, with Ctrl to the first and the last cell. */
export function moved(
  { key, shiftKey, ctrlKey, altKey, metaKey }: Keys,
  [row, column]: Place,
  rows: number,
  columns: number,
  far = 10,
): Place | null {
  if (altKey || metaKey) return null;
  const by = shiftKey ? far : 1;
  const to: Record<string, Place> = {
    ArrowUp: [row - by, column],
    ArrowDown: [row + by, column],
    ArrowLeft: [row, column - by],
    ArrowRight: [row, column + by],
    PageUp: [row - far, column],
    PageDown: [row + far, column],
    Home: [ctrlKey ? 0 : row, 0],
    End: [ctrlKey ? rows - 1 : row, columns - 1],
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

/** What a key does in a grid whose cell `focus` has the focus: Enter and the space bar choose that cell. Gives the cell that
 * another key leads to, or null. */
export function keyed(
  event: KeyboardEvent,
  focus: Place,
  rows: number,
  columns: number,
  choose?: (place: Place) => void,
): Place | null {
  const chooses = event.key === 'Enter' || event.key === ' ';
  const next = chooses ? null : moved(event, focus, rows, columns);
  if (chooses || next) event.preventDefault();
  if (chooses) {
    event.stopPropagation();
    choose?.(focus);
  }
  return next;
}
