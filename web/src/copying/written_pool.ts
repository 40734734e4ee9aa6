/** A pool as it is written: max:2, average:3x3:1, l2:2, lp:2:2:3, global-max. */
export interface WrittenPool {
  kind: 'max' | 'average' | 'lp';
  p: string; // of "lp"
  window: string[] | null; // one number for all axes, or one each; null: all of the map
  stride: string[] | null; // null: the window
}

export function writtenPool(text: string): WrittenPool | null {
  const whole = /^global-(max|average)$/.exec(text);
  if (whole) return { kind: whole[1] as 'max' | 'average', p: '2', window: null, stride: null };
  const found = /^(max|average|l(p|[1-9]))(?::([\dx×,]+)(?::([\dx×,]+)(?::([\d.]+))?)?)?$/.exec(text);
  if (!found) return null;
  const [, word, power, window, stride, p] = found;
  return {
    kind: power ? 'lp' : (word as 'max' | 'average'),
    p: p ?? (power && power !== 'p' ? power : '2'),
    window: (window ?? '2').split(/[x×,]/),
    stride: stride ? stride.split(/[x×,]/) : null,
  };
}
