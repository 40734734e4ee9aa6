import type { Picture } from '../pictures/picture';

export type Shift = readonly [down: number, right: number];

/** The shift that an address holds, rows down and columns to the right; null where that is none. */
export function readShift(text: string): Shift | null {
  const read = /^(-?\d{1,9}),(-?\d{1,9})$/.exec(text);
  return read && [Number(read[1]), Number(read[2])];
}

/** As far as something of the picture stays in sight; a signal is not shifted. */
export function bounded([down, right]: Shift, picture: Picture | null): Shift {
  if (!picture) return [down, right];
  if (picture.kind !== 'picture') return [0, 0];
  const [, rows = 1, columns = 1] = picture.values.shape;
  return [within(down, rows - 1), within(right, columns - 1)];
}

function within(by: number, most: number): number {
  return Math.min(most, Math.max(-most, by));
}
