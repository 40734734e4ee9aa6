// Pictures too large for an address are kept by the browser, under a digest that the address names: the last ones, up
// to a bound. Where a browser keeps nothing (a private window, a page from a disk) they live as long as the page.

export interface Kept {
  name: string;
  file: Uint8Array<ArrayBuffer>;
}
interface StoredPicture extends Kept {
  digest: string;
  at: number; // when it was kept
}

export const MOST_PICTURES = 20;
export const MOST_BYTES = 50_000_000;
const DATABASE = 'convscope-pictures';
const STORE = 'pictures';
const here = new Map<string, StoredPicture>();

/** Keeps a file, and tells the digest that gives it back. */
export async function keep(kept: Kept): Promise<string> {
  const record: StoredPicture = { ...kept, digest: digestOf(kept.file), at: Date.now() };
  here.delete(record.digest);
  here.set(record.digest, record);
  for (const digest of superfluous([...here.values()])) here.delete(digest);
  if (kept.file.length > MOST_BYTES) return record.digest;
  await inStore('readwrite', async (store) => {
    await done(store.put(record));
    const all = (await done(store.getAll())) as StoredPicture[];
    for (const digest of superfluous(all)) store.delete(digest);
  });
  return record.digest;
}

/** The file of a digest; null where it is not kept any more. */
export async function keptFile(digest: string): Promise<Kept | null> {
  const record =
    here.get(digest) ??
    (await inStore(
      'readonly',
      async (store) => (await done(store.get(digest))) as StoredPicture | undefined,
    ));
  return record ? { name: record.name, file: record.file } : null;
}

/** The digests of what is beyond the bounds: what was kept longest ago. The newest always stays. */
export function superfluous(records: readonly StoredPicture[]): string[] {
  const newest = [...records].reverse().sort((one, other) => other.at - one.at);
  let bytes = 0;
  return newest
    .filter((record, place) => {
      bytes += record.file.length;
      return place > 0 && (place >= MOST_PICTURES || bytes > MOST_BYTES);
    })
    .map((record) => record.digest);
}

/** 64 bits of a file's bytes (two lanes of FNV-1a) and its length: a name on one machine, not a proof. */
export function digestOf(file: Uint8Array): string {
  let one = 0x811c9dc5;
  let other = 0x9747b28c;
  for (const byte of file) {
    one = Math.imul(one ^ byte, 0x01000193);
    other = Math.imul(other ^ byte, 0x5bd1e995);
    other ^= other >>> 15;
  }
  const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0');
  return hex(one) + hex(other) + file.length.toString(16);
}

/** The answer of the store; undefined where there is none, or it refuses. */
async function inStore<Answer>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'digest' });
    const database = await done(opening);
    try {
      const transaction = database.transaction(STORE, mode);
      const finished = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
      const [answer] = await Promise.all([work(transaction.objectStore(STORE)), finished]);
      return answer;
    } finally {
      database.close();
    }
  } catch {
    return undefined; // no storage, or it is full: the page's own memory serves
  }
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
