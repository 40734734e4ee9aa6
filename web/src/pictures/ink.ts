import type { Tensor } from '../core/tensor';

const STROKES = 100; // that can be taken back
const SOFT = 1.5; // pixels over which an edge fades

/** Ink on a small ground: soft round strokes, as of the digits of MNIST, that can be taken back. */
export class Ink {
  amount: Uint8ClampedArray<ArrayBuffer>; // 0 the ground, 255 full ink
  private past: Uint8ClampedArray<ArrayBuffer>[] = [];
  private future: Uint8ClampedArray<ArrayBuffer>[] = [];

  constructor(
    readonly rows: number,
    readonly columns: number,
  ) {
    this.amount = new Uint8ClampedArray(rows * columns);
  }

  /** A width that looks like a handwritten digit's; from that of the soft edge on, so that its middle is full. */
  get pen(): number {
    return Math.max(SOFT, (2.8 * Math.min(this.rows, this.columns)) / 28);
  }

  /** What is put down after this is one stroke. */
  begin(): void {
    this.past.push(this.amount.slice());
    if (this.past.length > STROKES) this.past.shift();
    this.future = [];
  }

  /** A line between two places (in pixels; 0 is the middle of the first one), as wide as `width`. */
  line(
    [row, column]: readonly [number, number],
    [toRow, toColumn]: readonly [number, number],
    width = this.pen,
    erase = false,
  ): void {
    const down = toRow - row;
    const right = toColumn - column;
    const length = down * down + right * right;
    const reach = width / 2 + SOFT / 2;
    const rows = span(row, toRow, reach, this.rows);
    const columns = span(column, toColumn, reach, this.columns);
    for (let y = rows[0]; y <= rows[1]; y++)
      for (let x = columns[0]; x <= columns[1]; x++) {
        const along = length ? ((y - row) * down + (x - column) * right) / length : 0;
        const share = Math.min(1, Math.max(0, along));
        const distance = Math.hypot(y - row - share * down, x - column - share * right);
        const cover = 255 * Math.min(1, Math.max(0, (reach - distance) / SOFT));
        const place = y * this.columns + x;
        const there = this.amount[place] as number;
        this.amount[place] = erase ? Math.min(there, 255 - cover) : Math.max(there, cover);
      }
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }
  get canRedo(): boolean {
    return this.future.length > 0;
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.future.push(this.amount);
    this.amount = before;
  }

  redo(): void {
    const after = this.future.pop();
    if (!after) return;
    this.past.push(this.amount);
    this.amount = after;
  }

  get isClear(): boolean {
    return this.amount.every((amount) => amount === 0);
  }

  clear(): void {
    if (this.isClear) return;
    this.begin();
    this.amount = new Uint8ClampedArray(this.rows * this.columns);
  }

  /** The picture, (1, rows, columns) of 0 to 255: white ink on black, or black on white. */
  values(ground: 'black' | 'white' = 'black'): Tensor {
    const data = Float64Array.from(this.amount, (amount) => (ground === 'black' ? amount : 255 - amount));
    return { shape: [1, this.rows, this.columns], data };
  }

  /** Takes a picture of this size as what is drawn; tells whether it could. */
  take(values: Tensor, ground: 'black' | 'white' = 'black'): boolean {
    const [channels, rows, columns] = values.shape;
    if (channels !== 1 || rows !== this.rows || columns !== this.columns) return false;
    this.begin();
    this.amount = Uint8ClampedArray.from(values.data, (value) => (ground === 'black' ? value : 255 - value));
    return true;
  }
}

function span(one: number, other: number, reach: number, size: number): [number, number] {
  return [
    Math.max(0, Math.ceil(Math.min(one, other) - reach)),
    Math.min(size - 1, Math.floor(Math.max(one, other) + reach)),
  ];
}
