import { at, countOf, holds, positionOf, type Tensor } from '../core/tensor';

/**
 * A kernel (filters, planes, ...size) in another shape: what both have stays in its place, a new row or column is 0,
 * and a new filter or plane begins as the last one was.
 */
export function resized(kernel: Tensor, shape: readonly number[]): Tensor {
  const data = Float64Array.from({ length: countOf(shape) }, (_, k) => {
    const position = positionOf(shape, k).map((place, axis) =>
      axis < 2 ? Math.min(place, kernel.shape[axis]! - 1) : place,
    );
    return holds(kernel.shape, position) ? at(kernel, position) : 0;
  });
  return { shape, data };
}
