import { words } from '../words';
import type { Tensor } from './tensor';

/** One number that a result is made of: where it is in the stage before, and what it is taken times. */
export interface Term {
  position: readonly number[];
  value: number;
  weight: number | null;
}

/** How one number comes about, written out. */
export interface Explanation {
  terms: readonly Term[];
  equation: string;
  result: number;
}

/** What a stage makes of its input: all of it, and how each number comes about. */
export interface Outcome {
  output: Tensor;
  explain(position: readonly number[]): Explanation;
}

const MOST_TERMS = 64; // that an equation writes out

/** Terms with a sign between, and how many more there are where they are many. */
export function joined(terms: readonly string[], sign: string): string {
  if (terms.length <= MOST_TERMS) return terms.join(sign);
  return [...terms.slice(0, MOST_TERMS), words.core.moreTerms(terms.length - MOST_TERMS)].join(sign);
}
