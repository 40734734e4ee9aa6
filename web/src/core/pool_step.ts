import { words } from '../words';
import { sourceIndex } from './border';
import { MOST_TERMS } from './explanation';
import { power } from './folding';
import type { View } from './looking';
import { general, plain, spelled } from './number_text';
import type { Pooling } from './pool_text';
import type { PoolStep } from './sliding';
import { positionOf } from './tensor';
import type { Windows } from './windows';

/** How one number of a pool comes about, from what its window sees, as in convscope.ops.pool_steps. */
export function poolStep(
  position: readonly number[],
  view: View,
  pooling: Pooling,
  windows: Windows,
  channels: boolean,
): PoolStep {
  const { kind, p } = pooling;
  const all = windows.settings.border !== 'zeros' || kind === 'average';
  const counted = view.inside.map((inside) => inside || all);
  const numbers = view.window.data.filter((_, place) => counted[place]);
  const result = resultOf(numbers, pooling);
  const winner = kind === 'max' ? winnerOf(result, view, counted, windows) : null;
  return {
    kind: 'pool',
    position,
    ...view,
    pool: kind,
    p,
    counted,
    winner: winner && channels ? [position[0]!, ...winner] : winner,
    result,
    equation: `${written(numbers, pooling)} = ${plain(result)}`,
  };
}

function resultOf(numbers: Float64Array, { kind, p }: Pooling): number {
  if (kind === 'max') return numbers.reduce((most, x) => Math.max(most, x), -Infinity);
  if (kind === 'average') return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const scale = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1; // so that no power overflows
  return numbers.reduce((sum, x) => sum + power(Math.abs(x) / scale, p), 0) ** (1 / p) * scale;
}

/** Where the maximum is on the input: the first of equals. */
function winnerOf(
  most: number,
  view: View,
  counted: readonly boolean[],
  { axes, settings }: Windows,
): number[] {
  const place = view.window.data.findIndex((x, at) => counted[at] === true && x === most);
  return positionOf(view.window.shape, place).map((tap, axis) =>
    sourceIndex(view.coordinates[axis]![tap]!, axes[axis]!.size, settings.border),
  );
}

/** The numbers under their operation, or how many they are where they are many. */
function written(numbers: Float64Array, { kind, p }: Pooling): string {
  const count = numbers.length;
  const many = count > MOST_TERMS;
  const joined = (text: (x: number) => string, sign: string) => Array.from(numbers, text).join(sign);
  if (kind === 'max') return many ? words.core.maximumOf(count) : `max(${joined((x) => plain(x), ', ')})`;
  if (kind === 'average')
    return many ? words.core.meanOf(count) : `(${joined((x) => spelled(x), ' + ')}) / ${count}`;
  const exponent = general(p, 6);
  return many
    ? words.core.normOf(exponent, count)
    : `(${joined((x) => `|${plain(x)}|^${exponent}`, ' + ')})^(1/${exponent})`;
}
