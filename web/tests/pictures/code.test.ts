// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { base64url, fromBase64 } from '../../src/pictures/base64';
import { pictureOf } from '../../src/pictures/code';
import { fromNumbers, fromValues, LONGEST_CODE } from '../../src/pictures/making';
import { OWN, sampleOf } from '../../src/pictures/samples';
import { words } from '../../src/words';

// jsdom decodes no pictures: what a PNG gives is tested in a browser, tests/studio/test_pictures.py.
vi.mock('../../src/pictures/decode', async (original) => ({
  ...(await original<object>()),
  decode: (file: Uint8Array) =>
    Promise.resolve({ shape: [1, 1, file.length], data: Float64Array.from(file) }),
}));
/** Numbers that no packing makes much shorter. */
function noise(count: number) {
  const data = Float64Array.from({ length: count }, (_, k) => {
    const mixed = Math.imul(k + 1, 0x9e3779b1);
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 24;
  });
  return { shape: [1, 1, count], data };
}

test('base64 for addresses is that of Node', () => {
  for (let size = 0; size < 40; size++) {
    const bytes = Uint8Array.from({ length: size }, (_, k) => (k * 251 + size * 7) & 255);
    expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
    expect(fromBase64(base64url(bytes))).toEqual(bytes);
  }
});

test('a small drawing stands in its code, with the same bytes', async () => {
  const drawn = await fromValues(noise(40));
  expect(drawn.code).toMatch(/^png:[\w-]+$/);
  const again = await pictureOf(drawn.code);
  expect([again.file, again.name, again.code]).toEqual([drawn.file, 'drawing.png', drawn.code]);
});

test('a large one is kept, with its name', async () => {
  const large = await fromValues(noise(9000), 'photo.png');
  expect(large.code).toMatch(/^kept:[0-9a-f]+$/);
  const again = await pictureOf(large.code);
  expect([again.file, again.name, again.code]).toEqual([large.file, 'photo.png', large.code]);
});

test('numbers are their own code; many are kept', async () => {
  for (const [shape, text] of [
    [[1, 2, 2], '1 -2; 0.5 4'],
    [[1, 4], '1 -2 0.5 4'],
    [[2, 2, 1], '1; -2 / 0.5; 4'],
  ] as const) {
    const typed = await fromNumbers({ shape, data: Float64Array.of(1, -2, 0.5, 4) });
    expect(typed.code).toBe(text);
    expect(await pictureOf(text)).toEqual(typed);
  }
  for (const name of ['numbers.csv', 'Long.TXT']) {
    const data = new Float64Array(LONGEST_CODE).fill(7);
    const many = await fromNumbers({ shape: [1, LONGEST_CODE], data }, name);
    expect(many.code).toMatch(/^kept:/);
    expect(await pictureOf(many.code)).toEqual(many);
  }
});

test('a sample keeps its code, and the server’s samples count too', async () => {
  for (const { name } of OWN) expect((await pictureOf(`sample:${name}`)).code).toBe(`sample:${name}`);
  const offered = [sampleOf({ name: 'ant', file: Uint8Array.of(1, 2) })];
  const ant = await pictureOf('sample:ant', offered);
  expect([ant.name, ant.code, [...(ant.file ?? [])]]).toEqual(['ant.png', 'sample:ant', [1, 2]]);
});

test('a code that gives nothing is a sentence', async () => {
  const said = words.pictures.errors;
  await expect(pictureOf('kept:0123')).rejects.toThrow(said.gone);
  await expect(pictureOf('sample:moon')).rejects.toThrow(
    'There is no sample “moon” here; there are numbers, cross,',
  );
  await expect(pictureOf('png:§')).rejects.toThrow(said.unreadable);
  await expect(pictureOf('no numbers')).rejects.toThrow('no numbers');
});
