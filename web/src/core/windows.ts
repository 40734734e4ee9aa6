import { words } from '../words';
import { extentOf, outputSize, paddingOf, unreached, type Pair } from './geometry';
import { checkCount } from './limits';
import { BORDERS, CoreError, PADDINGS, PLAIN, type AxisSize, type Padding, type Settings } from './sliding';

/** How the windows of one operation lie on its input. */
export interface Windows {
  axes: AxisSize[];
  pads: Pair[];
  settings: Settings;
}

/**
 * Lays windows of the size `kernel` over axes of these sizes. `what` slides: a kernel, or a pool, of which no window
 * may see nothing but padding. `same` says whose padding "same" is. Throws where a setting is none or nothing fits.
 */
export function laid(
  what: 'kernel' | 'pool',
  sizes: readonly number[],
  kernel: readonly number[],
  given: Partial<Settings>,
  same: 'scipy' | 'pytorch',
): Windows {
  const { padding, stride, dilation, border } = { ...PLAIN, ...given };
  const rank = sizes.length;
  const strides = perAxis(stride, rank, 'stride');
  const dilations = perAxis(dilation, rank, 'dilation');
  checkPadding(padding, rank);
  const axes = sizes.map((size, axis): AxisSize => {
    const window = { kernel: kernel[axis]!, stride: strides[axis]!, dilation: dilations[axis]! };
    const pair = paddingOf(padding, axis, size, window, same);
    checkCount([size + pair[0] + pair[1]], 'padding');
    const output = outputSize(size, window, pair);
    return {
      size,
      before: pair[0],
      after: pair[1],
      ...window,
      output,
      unreached: unreached(size, window, pair),
    };
  });
  const pads = axes.map(({ before, after }): Pair => [before, after]);
  const extents = axes.map(extentOf);
  if (axes.some(({ output }) => output < 1))
    throw new CoreError(words.core.doesNotFit(what, extents, sizes, pads), what);
  if (what === 'pool' && axes.some(seesNothing))
    throw new CoreError(words.core.seesNothing(extents, sizes, pads), 'padding');
  if (!BORDERS.includes(border)) throw new CoreError(words.core.unknownBorder(border, BORDERS), 'border');
  const most = border === 'reflect' ? -1 : border === 'circular' ? 0 : Infinity;
  if (axes.some(({ before, after, size }) => Math.max(before, after) > size + most))
    throw new CoreError(words.core.borderTooWide(border, pads, sizes), 'border');
  return { axes, pads, settings: { padding, stride: strides, dilation: dilations, border } };
}

/** A signal is a picture of one row. */
export function downAndAcross(axes: readonly AxisSize[]): [AxisSize, AxisSize] {
  const one = { size: 1, before: 0, after: 0, kernel: 1, dilation: 1, stride: 1, output: 1, unreached: [] };
  return axes.length === 2 ? (axes as [AxisSize, AxisSize]) : [one, axes[0]!];
}

/** One number for all axes, or one each, as one each. */
function perAxis(values: readonly number[], rank: number, what: 'stride' | 'dilation'): readonly number[] {
  const each = values.length === 1 ? Array<number>(rank).fill(values[0]!) : values;
  if (each.length !== rank || !each.every((value) => Number.isSafeInteger(value) && value >= 1))
    throw new CoreError(words.core.wrongSetting(what, values, rank), what);
  return each;
}

function checkPadding(padding: Padding, rank: number): void {
  if (typeof padding === 'string') {
    if (!(PADDINGS as readonly string[]).includes(padding))
      throw new CoreError(words.core.unknownPadding(padding, PADDINGS), 'padding');
    return;
  }
  const sides = typeof padding === 'number' ? [padding] : padding;
  const fits = sides.length === 1 || sides.length === rank;
  if (!fits || !sides.every((side) => Number.isSafeInteger(side) && side >= 0))
    throw new CoreError(words.core.wrongPadding(sides, rank), 'padding');
}

/** Whether one window of an axis lies in the padding with all that it looks at. */
function seesNothing({ size, before, kernel, dilation, stride, output }: AxisSize): boolean {
  for (let place = 0; place < output; place++) {
    let seen = false;
    for (let tap = 0; tap < kernel && !seen; tap++) {
      const position = place * stride - before + tap * dilation;
      seen = position >= 0 && position < size;
    }
    if (!seen) return true;
  }
  return false;
}
