import { words } from '../words';
import { padded, sourceIndex } from './border';
import { checkPosition, look, once, type View } from './looking';
import { checkCount, checkWork } from './limits';
import { general, plain, spelled } from './number_text';
import { poolText, type Pooling } from './pool_text';
import { CoreError, type PoolStep, type Settings, type Walk } from './sliding';
import { countOf, part, reshaped, tensor, type Tensor } from './tensor';
import { downAndAcross, laid, type Windows } from './windows';

// Pools with every step of them, as in convscope.ops.pool_steps. Padded zeros count in an average, and never else.

export interface PoolOptions extends Partial<Settings> {
  channels?: boolean; // whether the input is (C, ...); needed only for (C, places)
  about?: 'pool' | 'then'; // where the pool was written, for what does not fit
}

/**
 * input: (places,) or (rows, columns), or (C, ...), of which each channel is pooled by itself. A stride that is
 * written in the pool goes before that of the settings, and without any it is the window. A global pool takes the
 * whole map: it refuses a padding or dilation, and a stride means nothing to it.
 */
export function pool(input: Tensor, pooling: Pooling, options: PoolOptions = {}): Walk<PoolStep> {
  const { channels = input.shape.length > 2, about = 'pool', ...given } = options;
  const values = channels ? input : reshaped(input, [1, ...input.shape]);
  const sizes = values.shape.slice(1);
  if (sizes.length < 1 || sizes.length > 2) throw new CoreError(words.core.poolTakesMaps(input.shape), about);
  const { window, stride } = fitted(pooling, sizes, about);
  const settings = pooling.window ? given : checkedGlobal(given, pooling);
  const windows = laid(
    'pool',
    sizes,
    window,
    { ...settings, stride: stride ?? settings.stride ?? window },
    'pytorch',
  );
  const places = windows.axes.map(({ output }) => output);
  const shape = channels ? [values.shape[0]!, ...places] : places;
  checkCount(shape, 'picture');
  checkWork(shape, window, about);
  const output = once(() => allPooled(values, pooling, windows, shape));
  return {
    shape,
    input,
    ...windows,
    get output() {
      return output();
    },
    step(position) {
      checkPosition(shape, position);
      const channel = channels ? position[0]! : 0;
      const view = look(part(values, channel), windows, position.slice(-sizes.length));
      return stepOf(position, view, pooling, windows, channels);
    },
  };
}

/** Window and stride, a number for each axis; throws where there are too many. */
function fitted(pooling: Pooling, sizes: readonly number[], about: 'pool' | 'then') {
  const each = (numbers: readonly number[]) =>
    numbers.length === 1 ? sizes.map(() => numbers[0]!) : numbers;
  const window = pooling.window ? each(pooling.window) : sizes;
  const stride = pooling.stride && each(pooling.stride);
  if (window.length > sizes.length || (stride && stride.length > sizes.length))
    throw new CoreError(words.core.poolHasTwoAxes(poolText(pooling)), about);
  return { window, stride };
}

function checkedGlobal(given: Partial<Settings>, pooling: Pooling): Partial<Settings> {
  const { padding = 'valid', dilation = [1] } = given;
  const none = padding === 'valid' || [padding].flat().every((side) => side === 0);
  if (!none) throw new CoreError(words.core.globalTakesAll(poolText(pooling)), 'padding');
  if (dilation.some((distance) => distance !== 1))
    throw new CoreError(words.core.globalTakesAll(poolText(pooling)), 'dilation');
  return { border: given.border ?? 'zeros' };
}

function stepOf(
  position: readonly number[],
  view: View,
  { kind, p }: Pooling,
  { axes, settings }: Windows,
  channels: boolean,
): PoolStep {
  const all = settings.border !== 'zeros' || kind === 'average';
  const counted = view.inside.map((inside) => inside || all);
  const numbers = view.window.data.filter((_, place) => counted[place]);
  const base = { kind: 'pool' as const, pool: kind, position, ...view, counted, p };
  if (kind === 'max') {
    let best = counted.indexOf(true);
    counted.forEach((counts, place) => {
      if (counts && view.window.data[place]! > view.window.data[best]!) best = place;
    });
    const result = view.window.data[best]!;
    const width = axes.at(-1)!.kernel;
    const taps = axes.length === 2 ? [Math.floor(best / width), best % width] : [best];
    const winner = taps.map((tap, axis) =>
      sourceIndex(view.coordinates[axis]![tap]!, axes[axis]!.size, settings.border),
    );
    const equation = `max(${Array.from(numbers, (x) => plain(x)).join(', ')}) = ${plain(result)}`;
    return { ...base, winner: channels ? [position[0]!, ...winner] : winner, result, equation };
  }
  if (kind === 'average') {
    const result = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const sum = Array.from(numbers, (x) => spelled(x)).join(' + ');
    return { ...base, winner: null, result, equation: `(${sum}) / ${numbers.length} = ${plain(result)}` };
  }
  const most = numbers.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0) || 1;
  const result = numbers.reduce((sum, x) => sum + (Math.abs(x) / most) ** p, 0) ** (1 / p) * most;
  const power = general(p, 6);
  const sum = Array.from(numbers, (x) => `|${plain(x)}|^${power}`).join(' + ');
  return { ...base, winner: null, result, equation: `(${sum})^(1/${power}) = ${plain(result)}` };
}

/** All results at once, each folded in the order of its step. */
function allPooled(values: Tensor, { kind, p }: Pooling, windows: Windows, shape: readonly number[]): Tensor {
  const { pads, settings, axes } = windows;
  const data = new Float64Array(countOf(shape));
  if (kind === 'max') {
    data.fill(-Infinity);
    fold(padded(values, pads, settings.border, -Infinity), windows, (to, x) => {
      if (x > data[to]!) data[to] = x;
    });
  } else if (kind === 'average') {
    fold(padded(values, pads, settings.border), windows, (to, x) => (data[to]! += x));
    const count = countOf(axes.map(({ kernel }) => kernel));
    data.forEach((sum, to) => (data[to] = sum / count));
  } else {
    const wide = padded(values, pads, settings.border);
    const most = new Float64Array(data.length); // divided out, so that no power overflows
    fold(wide, windows, (to, x) => (most[to] = Math.max(most[to]!, Math.abs(x))));
    fold(wide, windows, (to, x) => (data[to]! += (Math.abs(x) / (most[to]! || 1)) ** p));
    data.forEach((sum, to) => (data[to] = sum ** (1 / p) * (most[to]! || 1)));
  }
  return tensor(shape, data);
}

/** Hands every number that a window sees to the place of its result. */
function fold(wide: Tensor, { axes }: Windows, take: (to: number, number: number) => void): void {
  const [down, across] = downAndAcross(axes);
  const columns = wide.shape.at(-1)!;
  const plane = columns * (down.before + down.size + down.after);
  const count = down.output * across.output;
  for (let channel = 0; channel * plane < wide.data.length; channel++) {
    for (let a = 0; a < down.kernel; a++) {
      for (let b = 0; b < across.kernel; b++) {
        let to = channel * count;
        for (let row = 0; row < down.output; row++) {
          let from =
            channel * plane + (row * down.stride + a * down.dilation) * columns + b * across.dilation;
          for (const end = to + across.output; to < end; to++, from += across.stride)
            take(to, wide.data[from]!);
        }
      }
    }
  }
}
