import { words } from '../words';
import { CoreError } from './sliding';
import { countOf } from './tensor';

/** A page holds no more than that in one tensor: 160 MB. */
export const MOST_NUMBERS = 20_000_000;
/** And looks at no more numbers through windows: some seconds. */
const MOST_SEEN = 3_000_000_000;

/** Throws where a tensor of that shape would be larger than a page should hold. */
export function checkCount(shape: readonly number[], about: CoreError['about']): void {
  const count = countOf(shape);
  if (count > MOST_NUMBERS) throw new CoreError(words.core.tooLarge(shape, count, MOST_NUMBERS), about);
}

/** Throws where windows of that size, one for each number of the output, would take a page too long. */
export function checkWork(
  output: readonly number[],
  window: readonly number[],
  about: 'kernel' | 'pool',
): void {
  const count = countOf(output) * countOf(window);
  if (count > MOST_SEEN) throw new CoreError(words.core.tooMuchWork(output, window), about);
}
