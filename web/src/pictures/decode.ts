import type { Tensor } from '../core/tensor';
import { words } from '../words';
import { PictureError } from './error';
import { sizeOf } from './header';

// What a browser reads of a picture file, by the rules of convscope's own reading: upright by EXIF, transparent pixels
// over white, the numbers of the file whatever its colour profile, one channel where red, green and blue are alike.

const MOST_PIXELS = 40_000_000;

/** The values of a picture file, 0 to 255, (1 or 3, rows, columns). Raises PictureError. */
export async function decode(file: Uint8Array<ArrayBuffer>, name: string): Promise<Tensor> {
  const said = words.pictures.errors;
  if (!file.length) throw new PictureError(said.empty(name));
  const size = sizeOf(file);
  if (size && size.columns * size.rows > MOST_PIXELS)
    throw new PictureError(said.large(name, size.columns, size.rows, MOST_PIXELS));
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([file]), {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'none',
    });
  } catch {
    throw new PictureError(size ? said.damaged(name) : said.noPicture(name));
  }
  try {
    if (bitmap.width * bitmap.height > MOST_PIXELS)
      throw new PictureError(said.large(name, bitmap.width, bitmap.height, MOST_PIXELS));
    return valuesOf(pixelsOf(bitmap, bitmap.width, bitmap.height), bitmap.height, bitmap.width);
  } finally {
    bitmap.close();
  }
}

/** The pixels of something that can be drawn, over white: red, green, blue and 255 of each. */
export function pixelsOf(source: CanvasImageSource, columns: number, rows: number): Uint8ClampedArray {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, columns, rows);
  context.drawImage(source, 0, 0);
  return context.getImageData(0, 0, columns, rows).data;
}

/** (1 or 3, rows, columns) of pixels that lie side by side with an opacity each. */
export function valuesOf(pixels: Uint8ClampedArray | Uint8Array, rows: number, columns: number): Tensor {
  const count = rows * columns;
  let grey = true;
  for (let k = 0; k < 4 * count && grey; k += 4)
    grey = pixels[k] === pixels[k + 1] && pixels[k] === pixels[k + 2];
  const channels = grey ? 1 : 3;
  const data = new Float64Array(channels * count);
  for (let k = 0; k < count; k++) data[k] = pixels[4 * k] as number;
  for (let k = 0; k < count && !grey; k++) {
    data[count + k] = pixels[4 * k + 1] as number;
    data[2 * count + k] = pixels[4 * k + 2] as number;
  }
  return { shape: [channels, rows, columns], data };
}
