// @vitest-environment node
import { expect, test } from 'vitest';
import { digestOf, keep, keptFile, MOST_BYTES, MOST_PICTURES, superfluous } from '../../src/pictures/keeping';

// jsdom has no IndexedDB: here pictures live for the page. tests/studio/test_pictures.py has a browser's store.
const record = (at: number, size: number) => ({
  digest: `d${at}`,
  at,
  name: 'a.jpg',
  file: { length: size } as Uint8Array<ArrayBuffer>,
});

test('a file is given back by its digest, with its name', async () => {
  const file = Uint8Array.of(1, 2, 3);
  const digest = await keep({ name: 'cat.jpg', file });
  expect(await keptFile(digest)).toEqual({ name: 'cat.jpg', file });
  expect(await keptFile('nothing')).toBeNull();
});

test('the last pictures stay, up to a number and a size', () => {
  const many = Array.from({ length: MOST_PICTURES + 2 }, (_, k) => record(k, 10));
  expect(superfluous(many).sort()).toEqual(['d0', 'd1']);
  const large = [record(3, MOST_BYTES / 2), record(1, MOST_BYTES / 2), record(2, MOST_BYTES / 2)];
  expect(superfluous(large)).toEqual(['d1']);
  expect(superfluous([record(1, 5), record(2, MOST_BYTES + 1)])).toEqual(['d1']); // the newest stays
});

test('what is kept first goes first', async () => {
  const digests = [];
  for (let k = 0; k <= MOST_PICTURES; k++)
    digests.push(await keep({ name: `${k}`, file: Uint8Array.of(k, 7) }));
  expect(await keptFile(digests[0] as string)).toBeNull();
  expect((await keptFile(digests[1] as string))?.name).toBe('1');
});

test('digests differ where files do', () => {
  const some = Array.from({ length: 2000 }, (_, k) => digestOf(Uint8Array.of(k & 255, k >> 8, 0)));
  expect(new Set(some).size).toBe(2000);
  expect(digestOf(Uint8Array.of(0))).not.toBe(digestOf(Uint8Array.of(0, 0)));
  expect(digestOf(Uint8Array.of())).toMatch(/^[0-9a-f]+$/);
});
