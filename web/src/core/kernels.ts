import { words } from '../words';
import { numberOf } from './matrix_text';
import { nearest } from './nearest';
import { CoreError } from './sliding';
import { tensor, type Tensor } from './tensor';

// Kernels with a name, as in convscope.ops.kernels. They are written for cross-correlation; a convolution flips them.
// What each does stands in the words of the page, section `kernels`, by its name.

export type KernelName = keyof typeof words.kernels;

/** A kernel of the gallery; its settings stand behind colons (gaussian:2), and null is a default that follows. */
interface NamedKernel {
  name: KernelName;
  settings: readonly { name: string; initial: number | null }[];
  make(...settings: (number | undefined)[]): Tensor;
}

const fixed = (name: KernelName, ...rows: number[][]): NamedKernel => ({
  name,
  settings: [],
  make: () => tensor([rows.length, rows[0]!.length], rows.flat()),
});
const setting = (name: string, initial: number | null = null) => ({ name, initial });

export const KERNELS: readonly NamedKernel[] = [
  { name: 'identity', settings: [setting('size', 3)], make: identity },
  { name: 'box', settings: [setting('size', 3)], make: box },
  { name: 'gaussian', settings: [setting('sigma', 1), setting('size')], make: gaussian },
  { name: 'motion-blur', settings: [setting('size', 9), setting('angle', 0)], make: motionBlur },
  { name: 'sharpen', settings: [setting('amount', 1)], make: sharpen },
  fixed('emboss', [-2, -1, 0], [-1, 1, 1], [0, 1, 2]),
  fixed('sobel-x', [-1, 0, 1], [-2, 0, 2], [-1, 0, 1]),
  fixed('sobel-y', [-1, -2, -1], [0, 0, 0], [1, 2, 1]),
  fixed('prewitt-x', [-1, 0, 1], [-1, 0, 1], [-1, 0, 1]),
  fixed('prewitt-y', [-1, -1, -1], [0, 0, 0], [1, 1, 1]),
  fixed('scharr-x', [-3, 0, 3], [-10, 0, 10], [-3, 0, 3]),
  fixed('scharr-y', [-3, -10, -3], [0, 0, 0], [3, 10, 3]),
  fixed('roberts', [-1, 0], [0, 1]),
  fixed('laplacian', [0, 1, 0], [1, -4, 1], [0, 1, 0]),
  {
    name: 'laplacian-of-gaussian',
    settings: [setting('sigma', 1.4), setting('size')],
    make: laplacianOfGaussian,
  },
  {
    name: 'gabor',
    settings: [
      setting('sigma', 3),
      setting('angle', 0),
      setting('wavelength', 6),
      setting('size'),
      setting('phase', 0),
    ],
    make: gabor,
  },
];

const ALIASES: Record<string, KernelName> = {
  sobel: 'sobel-x',
  prewitt: 'prewitt-x',
  scharr: 'scharr-x',
  log: 'laplacian-of-gaussian',
};

/** A kernel of the gallery by its name or alias, however people write it. */
export function named(name: string): NamedKernel {
  const key = name.trim().toLowerCase().replace(/[_ ]/g, '-');
  const found = KERNELS.find((kernel) => kernel.name === (ALIASES[key] ?? key));
  if (found) return found;
  const known = KERNELS.map((kernel) => kernel.name);
  throw new CoreError(words.core.unknownName('kernel', name, nearest(key, known), known), 'kernel');
}

/** The numbers of a kernel by its name with settings: sobel-x, gaussian:2, gabor:3:45. */
export function namedKernel(text: string): Tensor {
  const [name, ...written] = text.split(':') as [string, ...string[]];
  const found = named(name);
  const empty = found.settings[written.findIndex((word) => !word.trim())];
  if (empty && written.length <= found.settings.length)
    throw new CoreError(words.core.emptyKernelSetting(found.name, empty.name), 'kernel');
  const settings = written.map((word) => (word.includes('/') ? null : numberOf(word.trim())));
  if (settings.length > found.settings.length || settings.includes(null)) {
    const takes = found.settings.map((one) => one.name);
    throw new CoreError(words.core.wrongKernelSettings(found.name, written, takes), 'kernel');
  }
  return found.make(...(settings as number[]));
}

function identity(size = 3): Tensor {
  whole(size);
  if (size % 2 === 0) throw new CoreError(words.core.evenIdentity(size), 'kernel');
  return square(size, (y, x) => (y === 0 && x === 0 ? 1 : 0));
}

function box(size = 3): Tensor {
  return square(whole(size), () => 1 / size ** 2);
}

function gaussian(sigma = 1, size?: number): Tensor {
  const width = size === undefined ? wide(sigma, 3) : whole(size);
  positive(sigma, 'sigma');
  const row = line(width).map((at) => Math.exp(-((at / sigma) ** 2) / 2));
  const sum = total(row);
  const shares = row.map((share) => share / sum);
  return tensor(
    [width, width],
    shares.flatMap((down) => shares.map((across) => down * across)),
  );
}

function laplacianOfGaussian(sigma = 1.4, size?: number): Tensor {
  const width = size === undefined ? wide(sigma, 4) : whole(size);
  positive(sigma, 'sigma');
  const numbers = square(width, (y, x) => {
    const squares = (x ** 2 + y ** 2) / (2 * sigma ** 2);
    return ((squares - 1) * Math.exp(-squares)) / (Math.PI * sigma ** 4);
  });
  const mean = total(numbers.data) / numbers.data.length; // what sampling leaves over of the sum
  return tensor(
    numbers.shape,
    numbers.data.map((number) => number - mean),
  );
}

function sharpen(amount = 1): Tensor {
  finite(amount, 'amount');
  return tensor([3, 3], [0, -amount, 0, -amount, 1 + 4 * amount, -amount, 0, -amount, 0]);
}

function motionBlur(size = 9, angle = 0): Tensor {
  whole(size);
  const turn = (finite(angle, 'angle') * Math.PI) / 180;
  const middle = (size - 1) / 2;
  const cell = (at: number) => Math.min(Math.max(toEven(at + middle), 0), size - 1);
  const numbers = new Float64Array(size * size);
  for (let place = 0; place < 8 * size; place++) {
    const at = (place + 0.5) / 8 - size / 2; // eight places to a pixel of the line
    numbers[cell(-at * Math.sin(turn)) * size + cell(at * Math.cos(turn))]! += 1;
  }
  return tensor(
    [size, size],
    numbers.map((count) => count / (8 * size)),
  );
}

function gabor(sigma = 3, angle = 0, wavelength = 6, size?: number, phase = 0): Tensor {
  const width = size === undefined ? wide(sigma, 3) : whole(size);
  const turn = (finite(angle, 'angle') * Math.PI) / 180;
  positive(sigma, 'sigma');
  positive(wavelength, 'wavelength');
  const shift = (finite(phase, 'phase') * Math.PI) / 180;
  const envelope = square(width, (y, x) => Math.exp(-(x ** 2 + y ** 2) / (2 * sigma ** 2)));
  const wave = square(width, (y, x) =>
    Math.cos((2 * Math.PI * (x * Math.cos(turn) - y * Math.sin(turn))) / wavelength + shift),
  );
  const product = envelope.data.map((number, place) => number * wave.data[place]!);
  const mean = total(product) / total(envelope.data); // so that even ground gives 0
  return tensor(
    envelope.shape,
    product.map((number, place) => number - envelope.data[place]! * mean),
  );
}

/** size × size numbers of the places around the middle. */
function square(size: number, number: (y: number, x: number) => number): Tensor {
  const at = line(size);
  return tensor(
    [size, size],
    at.flatMap((y) => at.map((x) => number(y, x))),
  );
}

function line(size: number): number[] {
  return Array.from({ length: size }, (_, place) => place - (size - 1) / 2);
}

/** The size of a kernel that reaches so many sigmas to each side. */
function wide(sigma: number, reach: number): number {
  if (reach * positive(sigma, 'sigma') > 499) throw new CoreError(words.core.sigmaTooWide(sigma), 'kernel');
  return 2 * Math.floor(reach * sigma + 0.5) + 1;
}

function whole(size: number): number {
  if (!Number.isInteger(size) || size < 1 || size > 999)
    throw new CoreError(words.core.wrongKernelSize(size), 'kernel');
  return size;
}

function positive(value: number, what: string): number {
  if (finite(value, what) <= 0) throw new CoreError(words.core.notAboveZero(what, value), 'kernel');
  return value;
}

function finite(value: number, what: string): number {
  if (!Number.isFinite(value)) throw new CoreError(words.core.settingNotFinite(what), 'kernel');
  return value;
}

function total(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

/** Rounded, with halves to the even side, as NumPy's rint. */
function toEven(number: number): number {
  const down = Math.floor(number);
  const rest = number - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}
