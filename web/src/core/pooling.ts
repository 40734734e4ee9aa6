import { words } from '../words';
import { average, largest, norm } from './folding';
import { checkCount, checkWork } from './limits';
import { checkPosition, look, once } from './looking';
import { poolStep } from './pool_step';
import { poolText, type Pooling } from './pool_text';
import { CoreError, type PoolStep, type Settings, type Walk } from './sliding';
import { part, reshaped, type Tensor } from './tensor';
import { laid, type Windows } from './windows';

// Pools with every step of them, as in convscope.ops.pool_steps. Padded zeros count in an average, and never else.

interface PoolOptions extends Partial<Settings> {
  channels?: boolean; // whether the input is (C, ...); needed only for (C, places)
}

/**
 * input: (places,) or (rows, columns), or (C, ...), of which each channel is pooled by itself. A stride that is
 * written in the pool goes before that of the settings, and without any it is the window. A global pool takes the
 * whole map: it refuses a padding or dilation, and a stride means nothing to it.
 */
export function pool(input: Tensor, pooling: Pooling, options: PoolOptions = {}): Walk<PoolStep> {
  const { channels = input.shape.length > 2, ...given } = options;
  const values = channels ? input : reshaped(input, [1, ...input.shape]);
  const sizes = values.shape.slice(1);
  if (sizes.length < 1 || sizes.length > 2)
    throw new CoreError(words.core.poolTakesMaps(input.shape), 'pool');
  const { window, stride } = fitted(pooling, sizes);
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
  checkWork(shape, window, 'pool');
  const output = once(() => reshaped(allPooled(values, pooling, windows), shape));
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
      return poolStep(position, view, pooling, windows, channels);
    },
  };
}

/** Window and stride, a number for each axis; throws where there are too many. */
function fitted(pooling: Pooling, sizes: readonly number[]) {
  const each = (numbers: readonly number[]) =>
    numbers.length === 1 ? sizes.map(() => numbers[0]!) : numbers;
  const window = pooling.window ? each(pooling.window) : sizes;
  const stride = pooling.stride && each(pooling.stride);
  if (window.length > sizes.length || (stride && stride.length > sizes.length))
    throw new CoreError(words.core.poolHasTwoAxes(poolText(pooling)), 'pool');
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

/** All results at once. */
function allPooled(values: Tensor, { kind, p }: Pooling, windows: Windows): Tensor {
  if (kind === 'max') return largest(values, windows);
  return kind === 'average' ? average(values, windows) : norm(values, windows, p);
}
