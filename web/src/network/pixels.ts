import type { FloatTensor } from '../api';
import type { Scale } from '../parts/scale';

// The input of a network for pictures, as the picture that it is: its numbers are pixels still, in other units.

/** What the network gets for a black and for a white pixel, per channel. */
export type PixelRange = readonly (readonly [black: number, white: number])[];

/** Greys from black to white, the same in all channels, so that their numbers can be compared. */
export function greysOf(range: PixelRange): Scale {
  const [black, white] = [range.map(([black]) => black), range.map(([, white]) => white)];
  return { kind: 'grey', low: Math.min(...black), high: Math.max(...white) };
}

/** Planes of red, green and blue, 0 to 255; of one channel the numbers as they are. */
export function coloursOf({ data }: FloatTensor, range: PixelRange): Float32Array {
  if (range.length !== 3) return data;
  const size = data.length / 3;
  return data.map((value, at) => {
    const [black, white] = range[Math.floor(at / size)] as readonly [number, number];
    return (255 * (value - black)) / (white - black);
  });
}
