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

/** An equation writes out so many terms, and counts more. */
export const MOST_TERMS = 256;

/** Terms with a sign between, or what stands for them where they are many. */
export function writtenOut(
  count: number,
  term: (place: number) => string,
  sign: string,
  counted: string,
): string {
  return count <= MOST_TERMS ? Array.from({ length: count }, (_, place) => term(place)).join(sign) : counted;
}
