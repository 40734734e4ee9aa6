import { evenly, polar, rgbOf, type Lab } from './oklab';

// How numbers become colours. 0 has the paper's colour, what is above is blue, what is below orange, as in convscope's
// drawings; equal steps of a number look equally large, and both sides differ for every kind of colour vision
// (blue and orange; lightness alone tells the magnitude). Pictures are black to white.

export type Ground = 'light' | 'dark';
export type Kind = 'signed' | 'positive' | 'grey';

/** Which colours a number has: those of `kind`, from `low` to `high`. */
export interface Scale {
  kind: Kind;
  low: number;
  high: number;
}

const STEPS = 256; // of a side

const PATHS: Record<Ground, { zero: Lab; above: readonly Lab[]; below: readonly Lab[] }> = {
  light: {
    zero: polar(1, 0, 0),
    above: [polar(0.7, 0.125, 256), polar(0.3, 0.06, 258)],
    below: [polar(0.7, 0.125, 62), polar(0.3, 0.06, 50)],
  },
  dark: {
    zero: polar(0.2, 0.004, 256),
    above: [polar(0.58, 0.125, 256), polar(0.94, 0.028, 250)],
    below: [polar(0.58, 0.125, 56), polar(0.94, 0.028, 75)],
  },
};

/** The scale that shows numbers from `low` to `high`: signed ones alike on both sides of 0, others from `low` on. */
export function scaleOf(low: number, high: number): Scale {
  if (low >= 0) return { kind: 'positive', low: Math.min(low, high), high };
  const end = Math.max(-low, high);
  return { kind: 'signed', low: -end, high: end };
}

export const PIXELS: Scale = { kind: 'grey', low: 0, high: 255 };

/** The least and the largest finite number, 0 among them. */
export function rangeOf(values: ArrayLike<number>): { low: number; high: number } {
  let low = 0;
  let high = 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k] as number;
    if (value < low && value > -Infinity) low = value;
    else if (value > high && value < Infinity) high = value;
  }
  return { low, high };
}

/** The colours of a scale from its low end to its high one, as the pixels of a canvas. */
export function table(kind: Kind, ground: Ground): Uint32Array {
  return TABLES[`${kind}-${ground}`] ?? (TABLES[`${kind}-${ground}`] = made(kind, ground));
}
const TABLES: Record<string, Uint32Array> = {};

function made(kind: Kind, ground: Ground): Uint32Array {
  const colours =
    kind === 'grey'
      ? Array.from({ length: STEPS }, (_, k) => [k, k, k] as const)
      : shades(kind, ground).map(rgbOf);
  const pixels = Uint8ClampedArray.from(colours.flatMap(([red, green, blue]) => [red, green, blue, 255]));
  return new Uint32Array(pixels.buffer);
}

/** The colours of a scale of numbers, from its low end to its high one. */
export function shades(kind: 'signed' | 'positive', ground: Ground): Lab[] {
  const { zero, above, below } = PATHS[ground];
  const up = evenly([zero, ...above], STEPS);
  return kind === 'positive'
    ? up
    : [
        ...evenly([zero, ...below], STEPS)
          .slice(1)
          .reverse(),
        ...up,
      ];
}

/** Fills `pixels` with the colours of `values`. What is no number stays clear, and shows what is behind. */
export function paint(values: ArrayLike<number>, pixels: Uint32Array, scale: Scale, ground: Ground): void {
  const colours = table(scale.kind, ground);
  const last = colours.length - 1;
  const span = scale.high - scale.low;
  const factor = span > 0 ? last / span : 0;
  const offset = 0.5 - scale.low * factor;
  for (let k = 0; k < pixels.length; k++) {
    const place = (values[k] as number) * factor + offset;
    pixels[k] =
      place >= 0 && place <= last
        ? (colours[place | 0] as number)
        : place > 0
          ? (colours[last] as number)
          : place < 0
            ? (colours[0] as number)
            : 0;
  }
}

/** Fills `pixels` with the colours of red, green and blue planes of 0 to 255. */
export function paintColours(values: ArrayLike<number>, pixels: Uint32Array): void {
  const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const count = pixels.length;
  for (let k = 0; k < count; k++) {
    bytes[4 * k] = values[k] as number;
    bytes[4 * k + 1] = values[count + k] as number;
    bytes[4 * k + 2] = values[2 * count + k] as number;
    bytes[4 * k + 3] = 255;
  }
}
