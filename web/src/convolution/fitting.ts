import { readKernel } from '../core/kernel_text';
import { numbersText } from '../core/matrix_text';
import { CoreError } from '../core/sliding';
import { tensor } from '../core/tensor';
import { DEFAULT_KERNEL } from './address';

// A picture becomes a signal, or a signal a picture, and the kernel of before may not fit.

/** Kernels for a signal, instead of one of rows and columns: its middle row where that is not all zeros. */
export function forSignal(kernel: string): string[] {
  return [...middleRow(kernel || DEFAULT_KERNEL), '1 0 -1', '1'];
}

function middleRow(text: string): string[] {
  try {
    const { shape, data } = readKernel(text, 2);
    const [filters, planes, rows, columns] = shape as [number, number, number, number];
    const row = rows >> 1;
    const numbers = Array.from({ length: filters * planes }, (_, plane) =>
      data.subarray((plane * rows + row) * columns, (plane * rows + row + 1) * columns),
    ).flatMap((each) => [...each]);
    return numbers.some(Boolean) ? [numbersText(tensor([filters, planes, columns], numbers))] : [];
  } catch (error) {
    if (error instanceof CoreError) return []; // it was no kernel before
    throw error;
  }
}

/** One number of the two for down and across: that for across. */
export function across(text: string): string {
  return text.split(/[x×,]/).at(-1)!;
}
