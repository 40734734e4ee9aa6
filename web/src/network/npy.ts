/** A .npy file (format 1.0) of float32 numbers, as NumPy writes it. */
export function npyOf(values: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + fields.length + 1) / 64) * 64; // the numbers begin at a multiple of 64
  const file = new Uint8Array(length + 4 * values.length);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(file.buffer);
  view.setUint16(8, length - 10, true);
  file.set(new TextEncoder().encode(`${fields.padEnd(length - 11)}\n`), 10);
  values.forEach((value, at) => view.setFloat32(length + 4 * at, value, true));
  return file;
}
