/** What a key asks of a drawing pad, beside moving its pen; null for a key that asks nothing. */
export type PadCommand = 'undo' | 'redo' | 'clear' | 'pen' | 'lift';

export function padCommand({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): PadCommand | null {
  const letter = key.toLowerCase();
  if (ctrlKey || metaKey) {
    if (letter === 'z') return shiftKey ? 'redo' : 'undo';
    return letter === 'y' ? 'redo' : null;
  }
  if (altKey) return null;
  return KEYS[key] ?? null;
}

const KEYS: Record<string, PadCommand> = { ' ': 'pen', Escape: 'lift', Delete: 'clear' };
