// @vitest-environment node
import { inflateSync, crc32 as nodeCrc32 } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { adler32, crc32, encodePng, stored } from '../../src/pictures/png';

afterEach(() => vi.unstubAllGlobals());
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, k) => (k * 73 + (k >> 3)) & 255);

/** Read by hand: the chunks, their checks, and the lines that node's zlib unpacks. */
function read(png: Uint8Array) {
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(png.buffer);
  const chunks: Record<string, Uint8Array> = {};
  let at = 8;
  while (at < png.length) {
    const size = view.getUint32(at);
    const named = png.subarray(at + 4, at + 8 + size);
    expect(view.getUint32(at + 8 + size)).toBe(nodeCrc32(named));
    chunks[new TextDecoder().decode(named.subarray(0, 4))] = named.subarray(4);
    at += 12 + size;
  }
  const header = new DataView(Uint8Array.from(chunks.IHDR as Uint8Array).buffer);
  const [columns, rows] = [header.getUint32(0), header.getUint32(4)];
  const lines = inflateSync(chunks.IDAT as Uint8Array); // checks the Adler sum
  const row = lines.length / rows;
  const filters = Array.from({ length: rows }, (_, k) => lines[k * row]);
  const pixels = Uint8Array.from(lines).filter((_, k) => k % row !== 0);
  return { columns, rows, kind: [...(chunks.IHDR as Uint8Array).subarray(8)], filters, pixels };
}

test.each([
  ['packed', 1, 5, 3],
  ['packed', 3, 2, 7],
  ['stored', 1, 1, 1],
  ['stored', 3, 4, 3],
  ['stored', 1, 300, 301], // more than one block
] as const)('a %s picture of %i channels, %i×%i, is read again', async (way, channels, rows, columns) => {
  if (way === 'stored') vi.stubGlobal('CompressionStream', undefined);
  const pixels = bytes(rows * columns * channels);
  const png = read(await encodePng(pixels, rows, columns, channels));
  expect([png.rows, png.columns]).toEqual([rows, columns]);
  expect(png.kind).toEqual([8, channels === 1 ? 0 : 2, 0, 0, 0]);
  expect(new Set(png.filters)).toEqual(new Set([0]));
  expect([...png.pixels]).toEqual([...pixels]);
});

test('stored blocks end where they should', () => {
  for (const count of [0, 1, 65534, 65535, 65536, 131070]) {
    expect(inflateSync(stored(bytes(count))).length).toBe(count);
  }
});

test('the sums are those of the RFCs', () => {
  const text = new TextEncoder().encode('Wikipedia');
  expect(adler32(text)).toBe(0x11e60398); // the worked example of the article on Adler-32
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926); // the check value of CRC-32
  expect(crc32(bytes(1000))).toBe(nodeCrc32(bytes(1000)));
});
