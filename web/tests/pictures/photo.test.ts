import { expect, test, vi } from 'vitest';
import { pictureOf } from '../../src/pictures/code';
import { photoOf } from '../../src/pictures/photo';

vi.mock('../../src/pictures/decode', () => ({
  decode: () => Promise.resolve({ shape: [1, 1, 1], data: Float64Array.of(7) }),
}));

test('the photo is fetched when it is asked for, once, and again where that failed', async () => {
  const fetch = vi.fn(async () => Uint8Array.of(1, 2, 3));
  const photo = photoOf(fetch);
  expect(fetch).not.toHaveBeenCalled();
  fetch.mockRejectedValueOnce(new Error('no answer'));
  await expect(pictureOf('sample:photo', [photo])).rejects.toThrow('no answer');
  const picture = await pictureOf('sample:photo', [photo]);
  expect([picture.code, [...picture.file!]]).toEqual(['sample:photo', [1, 2, 3]]);
  expect(await photo.picture()).toBe(picture);
  expect(fetch).toHaveBeenCalledTimes(2);
});
