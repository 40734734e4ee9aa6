import { words } from '../words';
import { typedNumbers } from './matrix_text';
import { nearest } from './nearest';
import { readPool, type Pooling } from './pool_text';
import type { BatchNormNumbers } from './pointwise';
import { CoreError, within } from './sliding';
import { reshaped, type Tensor } from './tensor';

// What follows a convolution, as `convscope conv --then` reads it: stages apart by "|".
//   relu
//   batch-norm                              mean and variance are those of the map itself, channel by channel
//   batch-norm:GAMMA:BETA:MEAN:VARIANCE     each one number, or one for each channel apart by white space or commas
//   max:2, average:3x3:1, l2:2, global-max  a pool
//   flatten
//   linear:1 0 1; 0 1 0                     a row for each output, and behind one more colon a bias for each
//   softmax

export type Stage =
  | { kind: 'relu' | 'flatten' | 'softmax'; text: string }
  | { kind: 'batch-norm'; text: string; numbers: BatchNormNumbers | null }
  | { kind: 'pool'; text: string; pooling: Pooling }
  | { kind: 'linear'; text: string; weights: Tensor; bias: readonly number[] | null };

const STAGES = ['relu', 'batch-norm', 'max', 'average', 'lp', 'l2', 'global-max', 'global-average', 'flatten', 'linear', 'softmax']; // prettier-ignore

/** The stages of a text; none of an empty one. */
export function readChain(text: string): Stage[] {
  if (!text.trim()) return [];
  return within('then', () => text.split('|').map((stage) => readStage(stage.trim())));
}

function readStage(text: string): Stage {
  const [kind, ...parts] = text.split(':').map((part) => part.trim()) as [string, ...string[]];
  if (kind === 'relu' || kind === 'flatten' || kind === 'softmax') {
    if (parts.length) throw new CoreError(words.core.takesNothing(kind), 'then');
    return { kind, text };
  }
  if (kind === 'batch-norm') return { kind, text, numbers: parts.length ? readBatchNorm(parts, text) : null };
  if (kind === 'linear') return { kind, text, ...readLinear(parts, text) };
  if (/^(max|average|lp|l[1-9]|global-.*)$/.test(kind))
    return { kind: 'pool', text, pooling: readPool(text) };
  if (!text) throw new CoreError(words.core.emptyStage, 'then');
  throw new CoreError(words.core.unknownName('stage', kind, nearest(kind, STAGES), STAGES), 'then');
}

function readBatchNorm(parts: string[], text: string): BatchNormNumbers {
  const numbers = parts.map(rowOf);
  if (numbers.length !== 4 || numbers.includes(null))
    throw new CoreError(words.core.wrongBatchNormText(text), 'then');
  const [scale, shift, mean, variance] = numbers as [number[], number[], number[], number[]];
  return { scale, shift, mean, variance };
}

function readLinear(parts: string[], text: string): { weights: Tensor; bias: number[] | null } {
  const typed = typedNumbers(parts[0] ?? '', 'then');
  const bias = parts.length === 2 ? rowOf(parts[1]!) : null;
  if (
    !typed ||
    parts.length > 2 ||
    (parts.length === 2 && !bias) ||
    typed.shape[0] !== 1 ||
    typed.shape[1] !== 1
  )
    throw new CoreError(words.core.wrongLinear(text), 'then');
  const inputs = typed.shape.at(-1)!;
  return { weights: reshaped(typed, [typed.data.length / inputs, inputs]), bias };
}

/** Numbers in one row; null where it is none. */
function rowOf(text: string): number[] | null {
  const typed = typedNumbers(text, 'then');
  return typed?.shape.length === 3 && typed.shape[0] === 1 && typed.shape[1] === 1 ? [...typed.data] : null;
}
