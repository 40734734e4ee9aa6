import { readChain, type Stage } from './chain_text';
import type { Explanation, Outcome, Term } from './explanation';
import { batchNorm, flatten, linear, relu, softmax, type BatchNormNumbers } from './pointwise';
import { pool } from './pooling';
import type { Pooling } from './pool_text';
import { within, type PoolStep, type Walk } from './sliding';
import { positionOf, type Tensor } from './tensor';

/** One stage of a chain with what went in and what came out: (C, rows, columns), (C, places), or (numbers,). */
export interface StageResult {
  stage: Stage;
  input: Tensor;
  output: Tensor;
  numbers: BatchNormNumbers | null; // of a batch norm, one for each channel
  walk: Walk<PoolStep> | null; // of a pool
  explain(position: readonly number[]): Explanation; // its terms are numbers of the input
}

/** Stage after stage, from maps of (C, rows, columns) or (C, places); throws where one does not fit its input. */
export function chain(maps: Tensor, stages: readonly Stage[] | string): StageResult[] {
  const results: StageResult[] = [];
  for (const stage of typeof stages === 'string' ? readChain(stages) : stages) {
    const input = results.at(-1)?.output ?? maps;
    results.push(within('then', () => resultOf(stage, input)));
  }
  return results;
}

function resultOf(stage: Stage, input: Tensor): StageResult {
  const base = { stage, input, numbers: null, walk: null };
  switch (stage.kind) {
    case 'relu':
      return { ...base, ...relu(input) };
    case 'flatten':
      return { ...base, ...flatten(input) };
    case 'batch-norm':
      return { ...base, ...batchNorm(input, stage.numbers) };
    case 'linear':
      return { ...base, ...linear(input, stage.weights, stage.bias) };
    case 'softmax':
      return { ...base, ...softmax(input) };
    case 'pool':
      return { ...base, ...pooled(input, stage.pooling) };
  }
}

function pooled(input: Tensor, pooling: Pooling): Outcome & { walk: Walk<PoolStep> } {
  const walk = pool(input, pooling, { channels: true });
  return {
    walk,
    output: walk.output,
    explain(position) {
      const { window, coordinates, equation, result } = walk.step(position);
      const terms = Array.from(window.data, (value, place): Term => {
        const taps = positionOf(window.shape, place);
        return {
          position: [position[0]!, ...taps.map((tap, axis) => coordinates[axis]![tap]!)],
          value,
          weight: null,
        };
      });
      return { terms, equation, result };
    },
  };
}
