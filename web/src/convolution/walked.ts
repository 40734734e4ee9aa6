import { padded } from '../core/border';
import type { AxisSize, ConvolutionStep, PoolStep, Walk } from '../core/sliding';
import { unreached } from '../core/geometry';
import { downAndAcross } from '../core/windows';
import { part, reshaped, type Tensor } from '../core/tensor';
import type { Area, Place } from '../parts/cells';

export type AnyStep = ConvolutionStep | PoolStep;

/** A walk as the screen draws it: planes of rows and columns, a signal as a plane of one row. */
export class Walked {
  readonly rank: number;
  readonly down: AxisSize;
  readonly across: AxisSize;
  readonly channels: number; // of the input
  readonly maps: number; // of the output
  readonly rows: number; // of a map
  readonly columns: number;
  readonly count: number; // of steps
  /** Rows and columns of the input and of its padding (below 0, or beyond its end) that no window reaches. */
  readonly missed: readonly [readonly number[], readonly number[]];
  readonly #border: Tensor; // the input with its padding, (C, rows, columns)

  constructor(
    readonly walk: Walk<AnyStep>,
    readonly each: boolean, // each channel by itself
  ) {
    this.rank = walk.axes.length;
    [this.down, this.across] = downAndAcross(walk.axes);
    const sizes = walk.axes.map(({ size }) => size);
    this.channels = walk.input.shape.length > this.rank ? walk.input.shape[0]! : 1;
    this.maps = walk.shape.length > this.rank ? walk.shape[0]! : 1;
    this.rows = this.down.output;
    this.columns = this.across.output;
    this.count = this.maps * this.rows * this.columns;
    this.missed = [missedAlong(this.down), missedAlong(this.across)];
    const input = padded(reshaped(walk.input, [this.channels, ...sizes]), walk.pads, walk.settings.border);
    this.#border = reshaped(input, [this.channels, this.paddedRows, this.paddedColumns]);
  }

  get paddedRows(): number {
    return this.down.before + this.down.size + this.down.after;
  }
  get paddedColumns(): number {
    return this.across.before + this.across.size + this.across.after;
  }
  /** The input with its padding. */
  plane(channel: number): Float64Array {
    return part(this.#border, channel).data;
  }
  map(map: number): Float64Array {
    const size = this.rows * this.columns;
    return this.walk.output.data.subarray(map * size, (map + 1) * size);
  }
  /** The channels that a map looks at. */
  seenBy(map: number): number[] {
    return this.each ? [map] : Array.from({ length: this.channels }, (_, channel) => channel);
  }
  /** The map and place of a step. */
  placeOf(index: number): { map: number; place: Place } {
    const size = this.rows * this.columns;
    const rest = index % size;
    return { map: Math.floor(index / size), place: [Math.floor(rest / this.columns), rest % this.columns] };
  }
  indexOf(map: number, [row, column]: Place): number {
    return (map * this.rows + row) * this.columns + column;
  }
  /** A position as the walk counts it, and an address writes it: (map,) row and column, or place. */
  positionOf(index: number): number[] {
    const { map, place } = this.placeOf(index);
    return [...(this.walk.shape.length > this.rank ? [map] : []), ...this.spoken(place)];
  }
  /** Row and column of a picture, the place of a signal. */
  spoken(place: Place): number[] {
    return this.rank === 1 ? [place[1]] : [...place];
  }
  step(index: number): AnyStep {
    return this.walk.step(this.positionOf(index));
  }
  /** What the window of a place covers, from its first number to its last, on the input: below 0 in the padding. */
  window([row, column]: Place): Area {
    const { down, across } = this;
    return {
      row: row * down.stride - down.before,
      column: column * across.stride - across.before,
      rows: down.dilation * (down.kernel - 1) + 1,
      columns: across.dilation * (across.kernel - 1) + 1,
    };
  }
  /** Whether the window of a place holds a number of the input. */
  holds(place: Place, [row, column]: Place): boolean {
    const { down, across } = this;
    return tapOf(down, place[0], row) >= 0 && tapOf(across, place[1], column) >= 0;
  }
  /** The rows and the columns of the output whose windows hold a number of the input (or of its padding). */
  holders([row, column]: Place): [number[], number[]] {
    return [holdersAlong(this.down, row), holdersAlong(this.across, column)];
  }
}

/** Which tap of a window lies on a position; -1 where none does. */
export function tapOf(
  { stride, before, dilation, kernel }: AxisSize,
  output: number,
  position: number,
): number {
  const distance = position - (output * stride - before);
  const tap = distance / dilation;
  return Number.isInteger(tap) && tap >= 0 && tap < kernel ? tap : -1;
}

function missedAlong(axis: AxisSize): number[] {
  const whole = unreached(axis.before + axis.size + axis.after, axis, [0, 0]);
  return whole.map((position) => position - axis.before);
}

function holdersAlong(axis: AxisSize, position: number): number[] {
  const { stride, before, dilation, kernel, output } = axis;
  const first = Math.max(0, Math.ceil((position + before - dilation * (kernel - 1)) / stride));
  const last = Math.min(output - 1, Math.floor((position + before) / stride));
  const found: number[] = [];
  for (let place = first; place <= last; place++) if (tapOf(axis, place, position) >= 0) found.push(place);
  return found;
}

/** Of the outputs that hold a number, the one in whose window it is nearest to the middle. */
export function middle(holders: readonly number[]): number | undefined {
  return holders[Math.floor(holders.length / 2)];
}
