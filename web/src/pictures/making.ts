import type { Tensor } from '../core/tensor';
import { base64url } from './base64';
import { decode } from './decode';
import { keep } from './keeping';
import { numbersText } from './numbers';
import type { Picture } from './picture';
import { encodePng } from './png';

// Every way to a Picture: from a file, from pixels that the page made, from numbers.

export const LONGEST_CODE = 6000; // letters of a picture in an address

/** A picture from a file's own bytes, which stay as they are. Raises PictureError. */
export async function fromFile(file: Uint8Array<ArrayBuffer>, name: string, code?: string): Promise<Picture> {
  const values = await decode(file, name);
  return { name, kind: 'picture', values, file, code: code ?? (await codeOf(file, name)), opened: false };
}

/** A signal's file, which a server reads: its numbers are not known here. */
export async function fromSignal(
  file: Uint8Array<ArrayBuffer>,
  name: string,
  code?: string,
): Promise<Picture> {
  const values = { shape: [0], data: new Float64Array() };
  return {
    name,
    kind: 'numbers',
    values,
    file,
    code: code ?? `kept:${await keep({ name, file })}`,
    opened: false,
  };
}

/** A picture of whole numbers from 0 to 255, (1 or 3, rows, columns), with a PNG file of them. */
export async function fromValues(values: Tensor, name = 'drawing.png', code?: string): Promise<Picture> {
  const [channels, rows, columns] = values.shape as [1 | 3, number, number];
  const pixels = new Uint8Array(values.data.length);
  const count = rows * columns;
  for (let channel = 0; channel < channels; channel++)
    for (let k = 0; k < count; k++)
      pixels[k * channels + channel] = values.data[channel * count + k] as number;
  const file = await encodePng(pixels, rows, columns, channels);
  return { name, kind: 'picture', values, file, code: code ?? (await codeOf(file, name)), opened: false };
}

/** Numbers as they are, (C, rows, columns) or (C, places). */
export async function fromNumbers(values: Tensor, name = 'numbers.csv', code?: string): Promise<Picture> {
  return {
    name,
    kind: 'numbers',
    values,
    file: null,
    code: code ?? (await codeOfNumbers(values, name)),
    opened: false,
  };
}

/** The name of a picture that was made of another one: photo.jpg, shifted, is photo-shifted.png. */
export function nameOf(picture: Picture, change: string): string {
  return `${picture.name.replace(/\.[^.]*$/, '')}-${change}.png`;
}

/** A short PNG stands in the address itself; what is longer, or another format, is kept by the browser. */
async function codeOf(file: Uint8Array<ArrayBuffer>, name: string): Promise<string> {
  const short = file.length <= (LONGEST_CODE * 3) / 4 && file[0] === 0x89 && file[1] === 0x50;
  return short ? `png:${base64url(file)}` : `kept:${await keep({ name, file })}`;
}

async function codeOfNumbers(values: Tensor, name: string): Promise<string> {
  const text = numbersText(values);
  if (text.length <= LONGEST_CODE) return text;
  return `kept:${await keep({ name, file: new TextEncoder().encode(text) })}`;
}
