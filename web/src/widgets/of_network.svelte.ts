import { INITIAL, type NetworkState } from '../network/state.svelte';
import { fromFile, fromSignal } from '../pictures/making';
import type { Picture } from '../pictures/picture';
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

/** The Network screen and its traits: `_words`, of its address, and `_file`, the picture that the network saw. */
export function followNetwork(model: Model, screen: NetworkState): () => void {
  let taken: { picture: Picture; file: File } | null = null; // the last that Python gave

  return follow(model, ['_words', '_file'], {
    take: async () => {
      const chosen = model.get('_file') as Chosen;
      if (isFile(chosen) && !(taken && sameFile(chosen, taken.file)) && !sameFile(chosen, seen() ?? {})) {
        const make = chosen.name.endsWith('.npy') ? fromSignal : fromFile;
        const picture = await make(bytesOf(chosen.data), chosen.name);
        taken = { picture, file: chosen };
        screen.address.shift = INITIAL.shift;
        screen.take(picture);
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
    const as_given = taken && screen.picture === taken.picture && screen.address.shift === INITIAL.shift;
    if (as_given) return (taken as NonNullable<typeof taken>).file;
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
