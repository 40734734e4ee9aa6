// A pass as its bytes, for tests of whoever reads it.

export const HEADER = {
  label: '7',
  probability: 0.75,
  probabilities: [{ label: '7', probability: 0.75 }],
  seen: { size: [28, 28], steps: ['28×28 grey'], ranges: [[0, 1]], warnings: [] },
};

/** As its description says: a length, a header padded to 4 bytes, numbers. */
export function messageOf(
  outputs: Record<string, [number[], number[]]>,
  header: object = HEADER,
): Uint8Array<ArrayBuffer> {
  const named = Object.entries(outputs).map(([name, [shape]]) => ({ name, shape }));
  const text = new TextEncoder().encode(JSON.stringify({ ...header, outputs: named }));
  const padded = text.length + ((4 - (text.length % 4)) % 4);
  const numbers = Object.values(outputs).flatMap(([, values]) => values);
  const bytes = new Uint8Array(4 + padded + 4 * numbers.length).fill(32);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, padded, true);
  bytes.set(text, 4);
  numbers.forEach((number, at) => view.setFloat32(4 + padded + 4 * at, number, true));
  return bytes;
}
