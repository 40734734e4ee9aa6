import { words } from '../words';
import { padded } from './border';
import { writtenOut } from './explanation';
import { checkPosition, look, once } from './looking';
import { checkCount, checkWork } from './limits';
import { plain, spelled } from './number_text';
import { CoreError, type AxisSize, type ConvolutionStep, type Settings, type Walk } from './sliding';
import { countOf, part, reshaped, tensor, type Tensor } from './tensor';
import { downAndAcross, laid, type Windows } from './windows';

// Convolution and cross-correlation with every step of it, as in convscope.ops.steps.

export interface ConvolutionOptions extends Partial<Settings> {
  bias?: readonly number[] | null; // one for each filter
  flip?: boolean; // convolution; else cross-correlation, what a layer of a CNN computes
  channels?: boolean; // whether the input has channels; needed only for a (C, places) with a (C, size)
  groups?: number;
}

/**
 * input and kernel: (places,) with (size,), (rows, columns) with (rows, columns), or with channels (C, ...) with
 * one filter (C, ...) or filters (O, C / groups, ...), whose output has the shape (O, ...). "same" is SciPy's without
 * channels, PyTorch's with them.
 */
export function convolution(
  input: Tensor,
  kernel: Tensor,
  options: ConvolutionOptions = {},
): Walk<ConvolutionStep> {
  const inputRank = input.shape.length;
  const kernelRank = kernel.shape.length;
  const channels = options.channels ?? (kernelRank > inputRank || inputRank > 2);
  const rank = channels ? inputRank - 1 : inputRank;
  const filters = kernelRank === rank + 2 ? kernel.shape[0]! : 1;
  const planes = kernelRank > rank ? kernel.shape.at(-rank - 1)! : 1;
  const fits = channels ? kernelRank === rank + 1 || kernelRank === rank + 2 : kernelRank === rank;
  if (rank < 1 || rank > 2 || !fits)
    throw new CoreError(words.core.shapesApart(input.shape, kernel.shape), 'kernel');
  const values = channels ? input : reshaped(input, [1, ...input.shape]);
  const groups = checkedGroups(options.groups ?? 1, values.shape[0]!, filters, planes);
  const perGroup = filters / groups;
  return walk(input, values, reshaped(kernel, [filters, planes, ...kernel.shape.slice(-rank)]), options, {
    same: channels ? 'pytorch' : 'scipy',
    maps: channels ? filters : null,
    filterOf: (map) => map,
    seenBy: (map) => Math.floor(map / perGroup) * planes,
    plane: !channels,
  });
}

/** One kernel over each channel of (C, ...) by itself: as many maps as channels, and "same" is SciPy's. */
export function convolutionOfEach(
  input: Tensor,
  kernel: Tensor,
  options: ConvolutionOptions = {},
): Walk<ConvolutionStep> {
  if (kernel.shape.length !== input.shape.length - 1 || kernel.shape.length < 1 || kernel.shape.length > 2)
    throw new CoreError(words.core.shapesApart(input.shape.slice(1), kernel.shape), 'kernel');
  return walk(input, input, reshaped(kernel, [1, 1, ...kernel.shape]), options, {
    same: 'scipy',
    maps: input.shape[0]!,
    filterOf: () => 0,
    seenBy: (map) => map,
    plane: true,
  });
}

/** Which filter gives a map, and which channels it sees. */
interface Pairing {
  same: 'scipy' | 'pytorch';
  maps: number | null; // null: the output has no axis of maps
  filterOf(map: number): number;
  seenBy(map: number): number; // the first of as many channels as the filter has planes
  plane: boolean; // whether a step's tensors have no axis of channels
}

function walk(
  input: Tensor,
  values: Tensor, // (C, ...)
  kernel: Tensor, // (O, planes, ...)
  options: ConvolutionOptions,
  pairing: Pairing,
): Walk<ConvolutionStep> {
  const [filters, planes, ...kernelSize] = kernel.shape as [number, number, ...number[]];
  const taps = options.flip ? flipped(kernel, kernelSize) : kernel;
  const bias = options.bias ?? null;
  if (bias && (bias.length !== filters || !bias.every(Number.isFinite)))
    throw new CoreError(words.core.wrongBias(filters, bias.length), 'bias');
  const windows = laid('kernel', values.shape.slice(1), kernelSize, options, pairing.same);
  const places = windows.axes.map(({ output }) => output);
  const shape = pairing.maps === null ? places : [pairing.maps, ...places];
  checkCount(shape, 'picture');
  checkWork(shape, taps.shape.slice(1), 'kernel');
  const output = once(() => allSums(values, taps, bias, windows, pairing, shape));
  return {
    shape,
    input,
    ...windows,
    get output() {
      return output();
    },
    step(position) {
      checkPosition(shape, position);
      const map = pairing.maps === null ? 0 : position[0]!;
      const filter = pairing.filterOf(map);
      const seen = channelsOf(values, pairing.seenBy(map), planes);
      const view = look(seen, windows, position.slice(-kernelSize.length));
      const added = bias?.[filter] ?? null;
      return stepOf(position, view, part(taps, filter), added, pairing.plane);
    },
  };
}

function stepOf(
  position: readonly number[],
  view: ReturnType<typeof look>,
  kernel: Tensor,
  bias: number | null,
  plane: boolean,
): ConvolutionStep {
  const [planes, ...size] = kernel.shape as [number, ...number[]];
  const shape = plane ? size : kernel.shape;
  const products = view.window.data.map((number, tap) => number * kernel.data[tap]!);
  const running = new Float64Array(products.length);
  products.reduce((sum, product, tap) => (running[tap] = sum + product), 0);
  const count = countOf(size);
  const channelSums = Array.from({ length: planes }, (_, channel) =>
    products.subarray(channel * count, (channel + 1) * count).reduce((sum, product) => sum + product, 0),
  );
  const result = running.at(-1)! + (bias ?? 0);
  const sum = writtenOut(
    products.length,
    (tap) => `${spelled(view.window.data[tap]!)}·${spelled(kernel.data[tap]!)}`,
    ' + ',
    words.core.sumOfProducts(products.length),
  );
  return {
    kind: 'convolution',
    position,
    ...view,
    window: reshaped(view.window, shape),
    kernel: reshaped(kernel, shape),
    products: tensor(shape, products),
    running: tensor(shape, running),
    channelSums,
    bias,
    result,
    equation: `${sum}${bias === null ? '' : ` + ${spelled(bias)}`} = ${plain(result)}`,
  };
}

/** All results at once, each added up in the order of its step. */
function allSums(
  values: Tensor,
  taps: Tensor,
  bias: readonly number[] | null,
  windows: Windows,
  pairing: Pairing,
  shape: readonly number[],
): Tensor {
  const wide = padded(values, windows.pads, windows.settings.border);
  const [down, across] = downAndAcross(windows.axes);
  const columns = across.before + across.size + across.after;
  const plane = columns * (down.before + down.size + down.after);
  const count = down.output * across.output;
  const planes = taps.shape[1]!;
  const data = new Float64Array(countOf(shape));
  for (let map = 0; map < (pairing.maps ?? 1); map++) {
    const filter = pairing.filterOf(map);
    const first = pairing.seenBy(map);
    let tap = filter * planes * down.kernel * across.kernel;
    for (let channel = first; channel < first + planes; channel++) {
      for (let a = 0; a < down.kernel; a++) {
        for (let b = 0; b < across.kernel; b++, tap++) {
          const from = channel * plane + a * down.dilation * columns + b * across.dilation;
          addTap(data, map * count, wide.data, from, taps.data[tap]!, columns, down, across);
        }
      }
    }
    if (bias) {
      const added = bias[filter]!;
      for (let place = map * count; place < (map + 1) * count; place++) data[place]! += added;
    }
  }
  return tensor(shape, data);
}

/** The share of one tap of the kernel in every number of a map. */
function addTap(
  map: Float64Array,
  to: number,
  values: Float64Array,
  from: number,
  weight: number,
  columns: number,
  down: AxisSize,
  across: AxisSize,
): void {
  const { output, stride } = across;
  for (let row = 0; row < down.output; row++) {
    let source = from + row * down.stride * columns;
    for (const end = to + output; to < end; to++, source += stride) map[to]! += weight * values[source]!;
  }
}

function flipped(kernel: Tensor, size: readonly number[]): Tensor {
  const count = countOf(size);
  const data = new Float64Array(kernel.data.length);
  for (let from = 0; from < data.length; from += count)
    data.set(kernel.data.slice(from, from + count).reverse(), from);
  return tensor(kernel.shape, data);
}

function channelsOf(values: Tensor, first: number, count: number): Tensor {
  const size = countOf(values.shape.slice(1));
  return tensor(
    [count, ...values.shape.slice(1)],
    values.data.subarray(first * size, (first + count) * size),
  );
}

function checkedGroups(groups: number, channels: number, filters: number, planes: number): number {
  if (!Number.isSafeInteger(groups) || groups < 1 || channels % groups || filters % groups)
    throw new CoreError(words.core.wrongGroups(groups, channels, filters), 'kernel');
  if (planes * groups !== channels)
    throw new CoreError(words.core.wrongPlanes(planes, groups, channels), 'kernel');
  return groups;
}
