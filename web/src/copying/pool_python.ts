import { readPool, type Pooling } from '../core/pool_text';
import { CoreError } from '../core/sliding';
import { pythonCall } from './python_text';

/** A pool as it is written; null of a text that is none. */
export function poolOf(text: string): Pooling | null {
  if (!text) return null;
  try {
    return readPool(text);
  } catch (error) {
    if (error instanceof CoreError) return null; // which the command says too
    throw error;
  }
}

/** The pool of what is in `output`, as a line of Python. */
export function poolCall(pool: Pooling, rank: 1 | 2): string {
  const settings = [
    ...(pool.kind === 'lp' ? [`p=${pool.p}`] : []),
    ...(pool.stride ? [`stride=${sides(pool.stride, rank)}`] : []),
  ];
  return `output = ${pythonCall(`ops.${pool.kind}_pool`, ['output', size(pool, rank, 'output'), ...settings])}`;
}

/** What `ops.pool_steps` takes after the picture. */
export function poolSteps(pool: Pooling, rank: 1 | 2, picture: string): string[] {
  return [
    size(pool, rank, picture),
    ...(pool.kind === 'max' ? [] : [`kind="${pool.kind}"`]),
    ...(pool.kind === 'lp' && pool.p !== 2 ? [`p=${pool.p}`] : []),
    ...(pool.stride ? [`stride=${sides(pool.stride, rank)}`] : []),
  ];
}

function size(pool: Pooling, rank: 1 | 2, of: string): string {
  return pool.window ? sides(pool.window, rank) : `np.shape(${of})[-${rank}:]`;
}

/** One number, or one for each axis; that of a signal in brackets, which say how many axes there are. */
function sides(numbers: readonly number[], rank: 1 | 2): string {
  if (rank === 1) return `(${numbers[0]},)`;
  return numbers.length === 1 ? String(numbers[0]) : `(${numbers.join(', ')})`;
}
