import { words } from '../words';
import { nearest } from './nearest';
import { general } from './number_text';
import { CoreError, type PoolStep } from './sliding';

// A pool as people write it, as in convscope.written_pool: max:2, average:3x3:1, lp:2:2:3, l2:2, global-max.

export interface Pooling {
  kind: PoolStep['pool'];
  p: number; // of "lp"
  window: readonly number[] | null; // one number for all axes, or one each; null: all of the map
  stride: readonly number[] | null; // null: the window
}

const POOLS = ['max', 'average', 'lp', 'l1', 'l2', 'global-max', 'global-average'] as const;

const SIDES = String.raw`[1-9]\d{0,3}(?:[x×,][1-9]\d{0,3})?`;
const WRITTEN = new RegExp(
  String.raw`^(?:max|average|l(?<power>p|\d))(?::(?<window>${SIDES})(?::(?<stride>${SIDES})(?::(?<last>[\d.]+))?)?)?$`,
);

/** KIND, KIND:WINDOW or KIND:WINDOW:STRIDE, or global-max and global-average. */
export function readPool(text: string): Pooling {
  const kind = text.split(':', 1)[0]!;
  if (!(POOLS as readonly string[]).includes(kind) && !/^l[1-9]$/.test(kind))
    throw new CoreError(words.core.unknownName('pool', kind, nearest(kind, POOLS), POOLS), 'pool');
  if (text === 'global-max') return { kind: 'max', p: 2, window: null, stride: null };
  if (text === 'global-average') return { kind: 'average', p: 2, window: null, stride: null };
  const found = WRITTEN.exec(text)?.groups;
  const { power, window, stride, last } = found ?? {};
  const p = Number(last ?? (power && power !== 'p' ? power : '2'));
  if (!found || !Number.isFinite(p) || p <= 0 || (last && power !== 'p'))
    throw new CoreError(words.core.wrongPool(text), 'pool');
  return {
    kind: power ? 'lp' : (kind as 'max' | 'average'),
    p,
    window: sides(window ?? '2'),
    stride: stride ? sides(stride) : null,
  };
}

/** As it is written, in its shortest form. */
export function poolText({ kind, p, window, stride }: Pooling): string {
  if (!window) return `global-${kind}`;
  const [size, step] = [window.join('x'), (stride ?? window).join('x')];
  const whole = Number.isInteger(p) && p >= 1 && p < 10;
  if (kind === 'lp' && !whole) return `lp:${size}:${step}:${general(p, 6)}`;
  const name = kind === 'lp' ? `l${p}` : kind;
  return stride ? `${name}:${size}:${step}` : `${name}:${size}`;
}

function sides(text: string): number[] {
  return text.split(/[x×,]/).map(Number);
}
