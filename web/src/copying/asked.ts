import type { Values } from '../app/address';
import { DEFAULT_KERNEL, INITIAL, type ConvolutionKey } from '../convolution/address';
import { isTyped, rowsOf, typedNumbers, typedText } from './typed';

export type ConvolutionAddress = Values<ConvolutionKey>;

/** What `convscope conv` takes where an option is left out. */
const { padding, stride, dilation, border } = INITIAL;
export const DEFAULTS = { padding, stride, dilation, border };

/** Whether an address speaks of a picture file, and not of numbers that it holds itself. */
export function isFile(picture: string): boolean {
  return /^(sample|png|kept):/.test(picture);
}

/** Whether a picture of typed numbers is a signal: one row in each channel. */
export function isSignal(picture: string): boolean {
  return (
    !isFile(picture) && typedNumbers(picture).every((planes) => planes.every((rows) => rows.length === 1))
  );
}

/** The address with what is computed: on one line, and without settings of a kernel or pool that is not there. */
export function asked(address: ConvolutionAddress): ConvolutionAddress {
  const told = { ...address };
  for (const key of Object.keys(told) as ConvolutionKey[]) told[key] = told[key].trim().replaceAll('−', '-');
  for (const key of ['picture', 'kernel'] as const)
    if (isTyped(told[key]) && told[key].includes('\n')) told[key] = typedText(typedNumbers(told[key]));
  if (!isFile(told.picture)) told.grey = ''; // numbers have no colours
  if (!told.kernel && !told.pool) told.kernel = DEFAULT_KERNEL;
  if (told.kernel) return told;
  const own = told.pool.split(':').length > 2 ? { stride: DEFAULTS.stride } : {}; // the pool has its own
  return { ...told, flip: '', bias: '', ...(told.pool.startsWith('global-') ? DEFAULTS : own) };
}

/** The numbers of a bias: one, or one for each filter. */
export function biasOf(text: string): string[] {
  return rowsOf(text).flat();
}
