import type { LayerNode } from '../api';

// What is usual is left out: a stride of 1, no dilation, one group.
const USUAL: Record<string, string> = { stride: '1', dilation: '1', groups: '1', padding: '0' };
const TOLD = [
  'kernel_size',
  'stride',
  'padding',
  'dilation',
  'groups',
  'output_size',
  'p',
  'padding_mode',
  'eps',
  'dim',
];

/** The settings of a layer that tell it from others of its kind: kernel size 3×3, padding 1. */
export function settingsOf(layer: LayerNode): string[] {
  return TOLD.flatMap((name) => {
    const value = layer.attributes[name];
    if (value === undefined || value === null || value === 'zeros') return [];
    const text = written(value);
    return text === USUAL[name] || (name === 'stride' && text === written(layer.attributes.kernel_size))
      ? []
      : [`${name.replaceAll('_', ' ')} ${text}`];
  });
}

/** Numbers per axis: one where all are alike; of (before, after) pairs the same. */
function written(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const parts = value
    .map((part) => (Array.isArray(part) && part[0] === part[1] ? part[0] : part))
    .map(String);
  const first = parts[0] ?? '';
  return parts.every((part) => part === first) && (Number(first) < 2 || first.includes(','))
    ? first
    : parts.join('×');
}
