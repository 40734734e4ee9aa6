import type { AxisSize } from './sliding';

/** A piece of the formula: a number of it, named, or a sign between. */
interface FormulaPart {
  kind: 'size' | 'before' | 'after' | 'dilation' | 'kernel' | 'stride' | 'output' | 'sign';
  text: string;
}

/** ⌊(n + p_before + p_after - d·(k - 1) - 1) / s⌋ + 1 with the numbers of an axis in it (Dumoulin & Visin 2016). */
export function sizeFormula(axis: AxisSize): FormulaPart[] {
  const number = (kind: Exclude<FormulaPart['kind'], 'sign'>) => ({ kind, text: String(axis[kind]) });
  const sign = (text: string) => ({ kind: 'sign' as const, text });
  return [
    sign('⌊('),
    number('size'),
    sign(' + '),
    number('before'),
    sign(' + '),
    number('after'),
    sign(' - '),
    number('dilation'),
    sign('·('),
    number('kernel'),
    sign(' - 1) - 1) / '),
    number('stride'),
    sign('⌋ + 1 = '),
    number('output'),
  ];
}
