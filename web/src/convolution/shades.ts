import type { Pooling } from '../core/pool_text';
import type { Tensor } from '../core/tensor';
import type { Walked } from './walked';

const SAME = 1e-6; // a kernel whose sum is 1 up to rounding leaves even ground as it is

/** Whether even ground keeps its brightness, so that the output of a picture is shades as the picture is. */
export function keepsShades(walked: Walked, kernel: Tensor | null, pooling: Pooling | null): boolean {
  if (!kernel) return pooling?.kind !== 'lp';
  return walked.each && Math.abs(kernel.data.reduce((sum, x) => sum + x, 0) - 1) < SAME;
}
