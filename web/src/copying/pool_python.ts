import { pythonCall, pythonNumber } from './python_text';
import type { WrittenPool } from './written_pool';

/** The pool of what is in `output`, as a line of Python. */
export function poolCall(pool: WrittenPool, rank: 1 | 2): string {
  const settings = [
    ...(pool.kind === 'lp' ? [`p=${pythonNumber(pool.p)}`] : []),
    ...(pool.stride ? [`stride=${sides(pool.stride, rank)}`] : []),
  ];
  return `output = ${pythonCall(`ops.${pool.kind}_pool`, ['output', size(pool, rank, 'output'), ...settings])}`;
}

/** What `ops.pool_steps` takes after the picture. */
export function poolSteps(pool: WrittenPool, rank: 1 | 2, picture: string): string[] {
  return [
    size(pool, rank, picture),
    ...(pool.kind === 'max' ? [] : [`kind="${pool.kind}"`]),
    ...(pool.kind === 'lp' && pool.p !== '2' ? [`p=${pythonNumber(pool.p)}`] : []),
    ...(pool.stride ? [`stride=${sides(pool.stride, rank)}`] : []),
  ];
}

function size(pool: WrittenPool, rank: 1 | 2, of: string): string {
  return pool.window ? sides(pool.window, rank) : `np.shape(${of})[-${rank}:]`;
}

/** One number, or one for each axis; that of a signal in brackets, which say how many axes there are. */
function sides(numbers: readonly string[], rank: 1 | 2): string {
  if (rank === 1) return `(${numbers[0]},)`;
  return numbers.length === 1 ? numbers[0]! : `(${numbers.join(', ')})`;
}
