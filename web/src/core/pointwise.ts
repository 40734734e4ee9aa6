import { words } from '../words';
import { writtenOut, type Outcome, type Term } from './explanation';
import { checkPosition } from './looking';
import { plain, spelled } from './number_text';
import { CoreError } from './sliding';
import { at, mapped, positionOf, reshaped, tensor, type Tensor } from './tensor';

// What a network does between its windows, as in convscope.ops.pointwise, and a linear layer.

const EPSILON = 1e-5; // of a batch norm

/** max(x, 0) */
export function relu(input: Tensor): Outcome {
  const output = mapped(input, (x) => Math.max(x, 0));
  return {
    output,
    explain(position) {
      checkPosition(output.shape, position);
      const [value, result] = [at(input, position), at(output, position)];
      return {
        terms: [{ position, value, weight: null }],
        equation: `max(${plain(value)}, 0) = ${plain(result)}`,
        result,
      };
    },
  };
}

/** The numbers of a batch norm: one for each channel, or one for all. */
export interface BatchNormNumbers {
  scale: readonly number[]; // gamma
  shift: readonly number[]; // beta
  mean: readonly number[];
  variance: readonly number[];
}

interface Normalised extends Outcome {
  numbers: BatchNormNumbers; // one for each channel
}

/**
 * scale · (x - mean) / √(variance + 1e-5) + shift, channel by channel, of (C, ...) (Ioffe & Szegedy 2015, algorithm 1).
 * Without numbers, mean and variance are those of the map itself, scale 1 and shift 0.
 */
export function batchNorm(input: Tensor, given: BatchNormNumbers | null = null): Normalised {
  const channels = input.shape[0]!;
  const count = input.data.length / channels;
  const each = (numbers: readonly number[]) => {
    if (numbers.length !== 1 && numbers.length !== channels)
      throw new CoreError(words.core.wrongBatchNorm(channels, numbers.length), 'then');
    return numbers.length === 1 ? Array<number>(channels).fill(numbers[0]!) : numbers;
  };
  const numbers: BatchNormNumbers = given
    ? {
        scale: each(given.scale),
        shift: each(given.shift),
        mean: each(given.mean),
        variance: each(given.variance),
      }
    : { scale: each([1]), shift: each([0]), ...spreads(input, channels, count) };
  const below = numbers.variance.find((variance) => variance < 0);
  if (below !== undefined) throw new CoreError(words.core.varianceBelowZero(below), 'then');
  const roots = numbers.variance.map((variance) => Math.sqrt(variance + EPSILON));
  const data = input.data.map((x, place) => {
    const channel = Math.floor(place / count);
    return (
      ((x - numbers.mean[channel]!) / roots[channel]!) * numbers.scale[channel]! + numbers.shift[channel]!
    );
  });
  const output = tensor(input.shape, data);
  return {
    output,
    numbers,
    explain(position) {
      checkPosition(output.shape, position);
      const channel = position[0]!;
      const [value, result] = [at(input, position), at(output, position)];
      const [scale, shift] = [numbers.scale[channel]!, numbers.shift[channel]!];
      const [mean, variance] = [spelled(numbers.mean[channel]!), plain(numbers.variance[channel]!)];
      const unit = `(${plain(value)} - ${mean}) / √(${variance} + ${plain(EPSILON)})`;
      const moved = scale === 1 && shift === 0 ? unit : `${plain(scale)}·${unit} + ${spelled(shift)}`;
      return {
        terms: [{ position, value, weight: null }],
        equation: `${moved} = ${plain(result)}`,
        result,
      };
    },
  };
}

/** Mean and variance of each channel; the variance is that of all its numbers, not a sample's. */
function spreads(input: Tensor, channels: number, count: number): { mean: number[]; variance: number[] } {
  const parts = Array.from({ length: channels }, (_, channel) =>
    input.data.subarray(channel * count, (channel + 1) * count),
  );
  const mean = parts.map((numbers) => numbers.reduce((sum, x) => sum + x, 0) / count);
  const variance = parts.map(
    (numbers, channel) => numbers.reduce((sum, x) => sum + (x - mean[channel]!) ** 2, 0) / count,
  );
  return { mean, variance };
}

/** (C, rows, columns) laid out in a row, channel by channel, row by row. */
export function flatten(input: Tensor): Outcome {
  const output = reshaped(input, [input.data.length]);
  return {
    output,
    explain(position) {
      checkPosition(output.shape, position);
      const from = positionOf(input.shape, position[0]!);
      const result = output.data[position[0]!]!;
      return {
        terms: [{ position: from, value: result, weight: null }],
        equation: `${words.core.numberOfRow(position[0]!)} = ${plain(result)}`,
        result,
      };
    },
  };
}

interface Weighted extends Outcome {
  weights: Tensor; // (outputs, inputs)
  bias: readonly number[] | null;
}

/** weights · x + bias, of numbers in a row. */
export function linear(input: Tensor, weights: Tensor, bias: readonly number[] | null = null): Weighted {
  if (input.shape.length !== 1) throw new CoreError(words.core.takesARow('linear', input.shape), 'then');
  const [outputs, inputs] = weights.shape as [number, number];
  if (inputs !== input.data.length)
    throw new CoreError(words.core.wrongWeights(inputs, input.data.length), 'then');
  if (bias && bias.length !== outputs)
    throw new CoreError(words.core.wrongLinearBias(outputs, bias.length), 'then');
  const data = new Float64Array(outputs);
  for (let row = 0; row < outputs; row++) {
    for (let place = 0; place < inputs; place++)
      data[row]! += weights.data[row * inputs + place]! * input.data[place]!;
    data[row]! += bias?.[row] ?? 0;
  }
  const output = tensor([outputs], data);
  return {
    output,
    weights,
    bias,
    explain(position) {
      checkPosition(output.shape, position);
      const [row] = position as [number];
      const terms = Array.from(input.data, (value, place): Term => ({
        position: [place],
        value,
        weight: weights.data[row * inputs + place]!,
      }));
      const sum = writtenOut(
        inputs,
        (place) => `${spelled(terms[place]!.value)}·${spelled(terms[place]!.weight!)}`,
        ' + ',
        words.core.sumOfProducts(inputs),
      );
      const added = bias ? ` + ${spelled(bias[row]!)}` : '';
      const result = output.data[row]!;
      return { terms, equation: `${sum}${added} = ${plain(result)}`, result };
    },
  };
}

/** exp(x) / Σ exp(x), of scores in a row (Goodfellow, Bengio & Courville 2016, section 4.1). */
export function softmax(input: Tensor): Outcome {
  if (input.shape.length !== 1) throw new CoreError(words.core.takesARow('softmax', input.shape), 'then');
  // the largest is subtracted first, so that no exponential overflows
  const largest = input.data.reduce((most, x) => Math.max(most, x), -Infinity);
  const exponentials = mapped(input, (x) => Math.exp(x - largest));
  const sum = exponentials.data.reduce((all, power) => all + power, 0);
  const output = mapped(exponentials, (power) => power / sum);
  return {
    output,
    explain(position) {
      checkPosition(output.shape, position);
      const power = (place: number) => `exp(${plain(input.data[place]!)})`;
      const all = writtenOut(input.data.length, power, ' + ', 'Σ exp(x)');
      const result = at(output, position);
      return {
        terms: Array.from(input.data, (value, place) => ({ position: [place], value, weight: null })),
        equation: `${power(position[0]!)} / (${all}) = ${plain(result)}`,
        result,
      };
    },
  };
}
