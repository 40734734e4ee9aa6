import { words } from '../words';
import { namedKernel } from './kernels';
import { typedNumbers } from './matrix_text';
import { CoreError } from './sliding';
import { reshaped, type Tensor } from './tensor';

/** A kernel by its name with settings, or typed, for pictures (rank 2) or signals (1): (filters, planes, ...). */
export function readKernel(text: string, rank: number): Tensor {
  const named = () => {
    const kernel = namedKernel(text);
    return reshaped(kernel, [1, 1, ...kernel.shape]);
  };
  const kernel = typedNumbers(text, 'kernel') ?? named();
  const [filters, planes, ...size] = kernel.shape as [number, number, ...number[]];
  if (size.length < rank) return reshaped(kernel, [filters, planes, 1, ...size]);
  if (size.length > rank) throw new CoreError(words.core.signalTakesOneRow(size), 'kernel');
  return kernel;
}
