import { CoreError } from '../core/sliding';
import { tensor, type Tensor } from '../core/tensor';
import { words } from '../words';

// What is taken of a picture, as `convscope conv --grey --crop` does: grey first, then a part.

/** One channel of three: Pillow's "L", which are the weights of ITU-R 601-2 in 16 bits. */
export function grey(colours: Tensor): Tensor {
  const [, ...size] = colours.shape;
  const count = colours.data.length / 3;
  const { data } = colours;
  const shades = new Float64Array(count);
  for (let k = 0; k < count; k++)
    shades[k] = (data[k]! * 19595 + data[count + k]! * 38470 + data[2 * count + k]! * 7471 + 0x8000) >>> 16;
  return tensor([1, ...size], shades);
}

/** A part of a picture: "row,column,height,width". Throws where that is none, or reaches beyond. */
export function cropped(picture: Tensor, crop: string): Tensor {
  const [channels, ...size] = picture.shape as [number, ...number[]];
  const part = crop.split(/[x×,]/).map((word) => (/^\s*\d+\s*$/.test(word) ? Number(word) : NaN));
  const [row, column, height, width] = part as [number, number, number, number];
  const [rows, columns] = size as [number, number];
  const whole = part.length === 4 && part.every(Number.isSafeInteger) && height > 0 && width > 0;
  if (size.length !== 2 || !whole) throw new CoreError(words.core.wrongCrop(crop), 'crop');
  if (row + height > rows || column + width > columns)
    throw new CoreError(words.core.cropBeyond(crop, size), 'crop');
  const data = new Float64Array(channels * height * width);
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < height; y++) {
      const from = (channel * rows + row + y) * columns + column;
      data.set(picture.data.subarray(from, from + width), (channel * height + y) * width);
    }
  return tensor([channels, height, width], data);
}

/** The part in the middle of a picture, at most so many rows and columns, as it is written. */
export function middleOf(rows: number, columns: number, most: number): string {
  const [height, width] = [Math.min(rows, most), Math.min(columns, most)];
  return [(rows - height) >> 1, (columns - width) >> 1, height, width].join(',');
}
