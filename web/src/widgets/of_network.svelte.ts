import { INITIAL, type NetworkState } from '../network/state.svelte';
import { keep } from '../pictures/keeping';
import { follow } from './following.svelte';
import type { Model } from './model';
import { bytesOf, sameBytes } from './bytes';

const KEYS = ['model', 'layer', 'cell', 'path'] as const; // of the address
type Words = Record<(typeof KEYS)[number], string>;

interface File {
  name: string;
  data: DataView | Uint8Array;
}
type Chosen = File | Record<string, never>; // nothing, of Python that leaves the choice to the page

/**
 * The Network screen and its traits: `_words`, of its address, and `_file`, the picture that the network saw. What Python
 * gives becomes the picture of the address: the screen reads it, and says what is wrong with it.
 */
export function followNetwork(model: Model, screen: NetworkState): () => void {
  let taken: { code: string; file: File } | null = null; // the last that Python gave

  return follow(model, ['_words', '_file'], {
    take: async () => {
      const chosen = model.get('_file') as Chosen;
      if (isFile(chosen) && !sameFile(chosen, seen() ?? {})) {
        const code = `kept:${await keep({ name: chosen.name, file: bytesOf(chosen.data) })}`;
        if (chosen !== model.get('_file')) return; // another came meanwhile, and is taken over
        taken = { code, file: chosen };
        Object.assign(screen.address, { picture: code, shift: INITIAL.shift });
      }
      Object.assign(screen.address, model.get('_words'));
    },
    give: () => {
      const file = seen();
      const words = Object.fromEntries(KEYS.map((key) => [key, screen.address[key]]));
      return { _words: words, ...(file && { _file: file }) };
    },
    same: (one, other) =>
      isWords(one) && isWords(other)
        ? KEYS.every((key) => one[key] === other[key])
        : sameFile(one as Chosen, other as Chosen),
  });

  /** What the network saw last, or is about to: a pass of what was there before may still be under way. */
  function seen(): File | null {
    const { picture, shift } = screen.address;
    if (taken && picture === taken.code && shift === INITIAL.shift) return taken.file;
    const shown = screen.shown?.picture;
    return shown?.file ? { name: shown.name, data: shown.file } : null;
  }
}

function isFile(chosen: Chosen): chosen is File {
  return 'data' in chosen;
}

function isWords(value: unknown): value is Words {
  return typeof value === 'object' && value !== null && 'model' in value;
}

function sameFile(one: Chosen, other: Chosen): boolean {
  return isFile(one) && isFile(other) ? sameBytes(one.data, other.data) : isFile(one) === isFile(other);
}
