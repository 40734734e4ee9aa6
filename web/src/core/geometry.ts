import type { Padding } from './sliding';

// Sizes and positions of windows along one axis, as in convscope.ops.geometry.

export type Pair = readonly [number, number];

/** What a window is along one axis. */
export interface Window {
  kernel: number;
  stride: number;
  dilation: number;
}

/** Inputs from the first to the last that a window sees, both counted. */
export function extentOf({ kernel, dilation }: Window): number {
  return dilation * (kernel - 1) + 1;
}

/** floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1; 0 where no window fits. */
export function outputSize(size: number, window: Window, [before, after]: Pair): number {
  return Math.max(Math.floor((size + before + after - extentOf(window)) / window.stride) + 1, 0);
}

/** What gives ceil(size / stride) outputs; the larger side is the end, as in PyTorch and ONNX's SAME_UPPER. */
function samePadding(size: number, window: Window): Pair {
  const { stride } = window;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + extentOf(window) - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** What makes "same" the middle of "full", as in SciPy: the larger side is the start. */
function samePaddingOfSignal(window: Window): Pair {
  const extent = extentOf(window);
  return [Math.floor(extent / 2), Math.floor((extent - 1) / 2)];
}

/** What lets every window count that touches the input. */
function fullPadding(window: Window): Pair {
  return [extentOf(window) - 1, extentOf(window) - 1];
}

/** The padding of one axis; `same` says whose "same". */
export function paddingOf(
  padding: Padding,
  axis: number,
  size: number,
  window: Window,
  same: 'scipy' | 'pytorch',
): Pair {
  if (padding === 'valid') return [0, 0];
  if (padding === 'full') return fullPadding(window);
  if (padding === 'same') return same === 'scipy' ? samePaddingOfSignal(window) : samePadding(size, window);
  const sides = typeof padding === 'number' ? padding : padding[padding.length === 1 ? 0 : axis]!;
  return [sides, sides];
}

/** Positions of the input that no window reaches: what a stride leaves over or skips, the holes of a dilation. */
export function unreached(size: number, window: Window, pair: Pair): number[] {
  const missed = new Uint8Array(size).fill(1);
  const count = outputSize(size, window, pair);
  for (let place = 0; place < count; place++) {
    for (let tap = 0; tap < window.kernel; tap++) {
      const position = place * window.stride - pair[0] + tap * window.dilation;
      if (position >= 0 && position < size) missed[position] = 0;
    }
  }
  return Array.from(missed.keys()).filter((position) => missed[position]);
}
