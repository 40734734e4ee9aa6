import type { WhyWindow } from '../api';
import { cellText } from './cell';
import { flattened } from './nested';

const LONGEST = 11; // sides of a window that is written out
const FEW = 3; // channels that are all written out
const LARGE = 5; // sides of a window of which one channel is enough at a time

/** One channel of a window, row by row, as the page writes it out. */
interface WindowPlane {
  channel: number; // of the layer
  columns: number;
  values: (number | null)[];
  inside: boolean[];
  weights: (number | null)[] | null;
  contributions: (number | null)[];
  sum: number; // of its contributions
  cells: string[]; // what its numbers are called
  best: number; // which of them leads on; -1 for none
}

/** The channels of a window, or none where there are no rows and columns in it, or too many to write out. */
export function windowPlanes(window: WhyWindow, next: string | null): WindowPlane[] {
  const values = flattened<number | null>(window.values);
  const [channels = 0, ...sides] = values.shape;
  const size = sides.reduce((product, side) => product * side, 1);
  if (!sides.length || sides.length > 2 || size <= 1 || Math.max(...sides) > LONGEST) return [];
  const inside = flattened<boolean>(window.inside).flat;
  const contributions = flattened<number | null>(window.contributions).flat;
  const weights = window.weights === null ? null : flattened<number | null>(window.weights).flat;
  const columns = sides.at(-1) as number;
  return Array.from({ length: channels }, (_, number) => {
    const part = <Value>(all: readonly Value[]) => all.slice(number * size, (number + 1) * size);
    const cells = Array.from({ length: size }, (_, at) => {
      const place = sides.length === 2 ? [Math.floor(at / columns), at % columns] : [at];
      return cellText(
        window.layer,
        [number, ...place].map((k, axis) => window.coordinates[axis]?.[k] as number),
      );
    });
    const adds = part(contributions);
    return {
      channel: window.coordinates[0]?.[number] ?? number,
      columns,
      values: part(values.flat),
      inside: part(inside),
      weights: weights && part(weights),
      contributions: adds,
      sum: adds.reduce((sum: number, one) => sum + (one ?? 0), 0),
      cells,
      best: next === null ? -1 : cells.indexOf(next),
    };
  });
}

/** The channels that are written out without being asked for: all of few, else the one that leads on. */
export function shownPlanes(planes: readonly WindowPlane[]): WindowPlane[] {
  const long = planes.some((plane) => Math.max(plane.columns, plane.values.length / plane.columns) > LARGE);
  if (planes.length <= (long ? 1 : FEW)) return [...planes];
  return [planes.find((plane) => plane.best >= 0) ?? (ranked(planes)[0] as WindowPlane)];
}

/** The channel that adds most, up or down, first. */
export function ranked(planes: readonly WindowPlane[]): WindowPlane[] {
  return [...planes].sort((one, other) => Math.abs(other.sum) - Math.abs(one.sum));
}

/** The first position of a window and how far apart its positions are, per axis behind the channel. */
export function extents(window: WhyWindow): { first: number; last: number; apart: number }[] {
  return window.coordinates.slice(1).map((at) => ({
    first: at[0] ?? 0,
    last: at.at(-1) ?? 0,
    apart: at.length > 1 ? (at[1] as number) - (at[0] as number) : 1,
  }));
}
