import { convolution, convolutionOfEach, type ConvolutionOptions } from './convolution';
import type { ConvolutionStep, Walk } from './sliding';
import { part, reshaped, type Tensor } from './tensor';

/**
 * A kernel of (filters, planes, ...) over a picture of (C, ...), as `convscope conv` does it: one plane over one
 * channel without an axis of channels; one plane over several channels over each by itself; else a filter has a plane
 * for each channel, their products are summed, and each filter gives a map. One bias is that of all filters.
 */
export function filtered(
  picture: Tensor,
  kernel: Tensor,
  options: Omit<ConvolutionOptions, 'channels' | 'groups'> = {},
): Walk<ConvolutionStep> {
  const [filters, planes] = kernel.shape as [number, number];
  if (filters > 1 || planes > 1) {
    const bias = options.bias?.length === 1 ? Array<number>(filters).fill(options.bias[0]!) : options.bias;
    return convolution(picture, kernel, { ...options, bias: bias ?? null, channels: true });
  }
  const plane = part(part(kernel, 0), 0);
  return picture.shape[0] === 1
    ? convolution(part(picture, 0), plane, { ...options, channels: false })
    : convolutionOfEach(picture, plane, options);
}

/** The output as maps (C, ...), also where it has no axis of channels. */
export function mapsOf(walk: Walk): Tensor {
  const { output } = walk;
  return output.shape.length > walk.axes.length ? output : reshaped(output, [1, ...output.shape]);
}
