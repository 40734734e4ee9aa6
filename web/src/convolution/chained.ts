import { chain, type StageResult } from '../core/chain';
import { readChain } from '../core/chain_text';
import { numbersText } from '../core/matrix_text';
import { CoreError } from '../core/sliding';
import { resized } from './resized';
import type { Tensor } from '../core/tensor';

/** One stage of what follows: what it gives, or what is wrong with it; neither where one before it is wrong. */
interface Chained {
  text: string;
  result: StageResult | null;
  wrong: string;
}

/** The stages of an address, a pool behind the kernel among them. */
export function textsOf(address: { kernel: string; pool: string; then: string }): string[] {
  const then = address.then.trim() ? address.then.split('|').map((text) => text.trim()) : [];
  return address.kernel && address.pool ? [address.pool, ...then] : then;
}

/** Stage after stage, as far as they fit. */
export function chained(maps: Tensor, texts: readonly string[]): Chained[] {
  let input: Tensor | null = maps;
  return texts.map((text) => {
    if (!input) return { text, result: null, wrong: '' };
    try {
      const result: StageResult = chain(input, text ? text : readChain(' | '))[0]!;
      input = result.output;
      return { text, result, wrong: '' };
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      input = null;
      return { text, result: null, wrong: error.message };
    }
  });
}

/** What a new stage is written as, behind what there is; a row of numbers is made where it takes one. */
export function written(kind: string, input: Tensor): string[] {
  if (kind === 'pool') return ['max:2'];
  if (kind !== 'linear' && kind !== 'softmax') return [kind];
  const before = input.shape.length > 1 ? ['flatten'] : [];
  return [...before, kind === 'linear' ? linearText(null, input.data.length) : kind];
}

const OUTPUTS = 2;

/** A linear stage for so many inputs, with the weights that there are, and rows of 1 and of 1 and -1 where there are none. */
export function linearText(weights: Tensor | null, inputs: number): string {
  const begun = Float64Array.from({ length: OUTPUTS * inputs }, (_, k) =>
    k < inputs ? 1 : (k - inputs) % 2 ? -1 : 1,
  );
  const fitted = weights
    ? resized({ ...weights, shape: [1, 1, ...weights.shape] }, [1, 1, weights.shape[0]!, inputs])
    : { shape: [1, 1, OUTPUTS, inputs], data: begun };
  return `linear:${numbersText(fitted)}`;
}
