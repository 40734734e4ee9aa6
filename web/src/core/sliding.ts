import type { Tensor } from './tensor';

// What convolution and pool have in common: a window that slides, a step per number of the output.
// The mathematics is that of convscope.ops (steps.py, pool_steps.py, looking.py, padding.py, geometry.py).

export type Border = 'zeros' | 'reflect' | 'replicate' | 'circular';
export const BORDERS: readonly Border[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** A name, or a number for all axes, or one each (before and after alike). */
export type Padding = 'valid' | 'same' | 'full' | number | readonly number[];
export const PADDINGS = ['valid', 'same', 'full'] as const;

/** Stride and dilation: one number for all axes, or one each. */
export interface Settings {
  padding: Padding;
  stride: readonly number[];
  dilation: readonly number[];
  border: Border;
}

export const PLAIN: Settings = { padding: 'valid', stride: [1], dilation: [1], border: 'zeros' };

/** How one number of the output comes about; tensors have the window's shape: (C,) rows, columns or places. */
export interface Step {
  position: readonly number[]; // (channel,) row, column or place of the output
  start: readonly number[]; // of the window on the input, negative in the padding
  coordinates: readonly (readonly number[])[]; // of the window's numbers on the input, per axis
  window: Tensor;
  inside: readonly boolean[]; // which lie on the input
  result: number;
  equation: string;
}

export interface ConvolutionStep extends Step {
  kind: 'convolution';
  kernel: Tensor; // as applied: flipped where that was asked for
  products: Tensor;
  running: Tensor; // the sum after each product
  channelSums: readonly number[];
  bias: number | null;
}

export interface PoolStep extends Step {
  kind: 'pool';
  pool: 'max' | 'average' | 'lp';
  counted: readonly boolean[];
  winner: readonly number[] | null; // of a maximum: where it is on the input, after its channel if there are some
  p: number;
}

/** floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1 along one axis. */
export interface AxisSize {
  size: number;
  before: number;
  after: number;
  kernel: number;
  dilation: number;
  stride: number;
  output: number;
  unreached: readonly number[]; // positions of the input that no window reaches
}

/** All steps of one operation, each made when it is asked for. */
export interface Walk<S extends Step = Step> {
  shape: readonly number[]; // of the output: (rows, columns) or (places,), after its channels where there are some
  input: Tensor; // (C, ...) where there are channels, else (rows, columns) or (places,)
  pads: readonly (readonly [number, number])[];
  axes: readonly AxisSize[];
  settings: Settings; // stride and dilation of each axis; padding as it was asked for
  readonly output: Tensor; // computed when it is first asked for
  step(position: readonly number[]): S;
}

/** What cannot be computed, as a sentence with a way out, and the control it is about. */
export class CoreError extends Error {
  constructor(
    message: string,
    readonly about:
      | 'picture'
      | 'crop'
      | 'kernel'
      | 'pool'
      | 'padding'
      | 'stride'
      | 'dilation'
      | 'border'
      | 'bias'
      | 'then'
      | 'at',
  ) {
    super(message);
  }
}

/** What `make` gives; what it refuses is about another control, into which the texts were written. */
export function within<T>(about: CoreError['about'], make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof CoreError ? new CoreError(error.message, about) : error;
  }
}
