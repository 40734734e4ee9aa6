import type { FloatTensor, Pass } from './api';

// A pass as one message, of the server or a notebook's kernel: the length of a JSON header as uint32, the header, padded
// to 4 bytes, and behind it the numbers of each output as float32, all little-endian. studio/pass_message.py writes it.

type Header = Omit<Pass, 'outputs'> & { outputs: { name: string; shape: number[] }[] };

/** The pass in a message. Its numbers are views of the message, not copies, where they lie on 4 bytes. */
export function passIn(message: ArrayBuffer | DataView<ArrayBuffer>): Pass {
  const bytes = message instanceof ArrayBuffer ? new DataView(message) : message;
  const start = bytes.byteOffset + 4;
  const end = start + bytes.getUint32(0, true);
  const { outputs: named, ...rest } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(bytes.buffer, start, end - start)),
  ) as Header;
  const all = numbersIn(bytes.buffer, end, bytes.byteOffset + bytes.byteLength);
  const outputs = Object.create(null) as Record<string, FloatTensor>; // a layer may be called constructor
  let first = 0;
  for (const { name, shape } of named) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (first + count > all.length) throw new RangeError(`${name} is cut off`);
    outputs[name] = { shape, data: all.subarray(first, first + count) };
    first += count;
  }
  return { ...rest, outputs };
}

function numbersIn(buffer: ArrayBuffer, start: number, end: number): Float32Array {
  if (start % Float32Array.BYTES_PER_ELEMENT) return new Float32Array(buffer.slice(start, end));
  return new Float32Array(buffer, start, (end - start) / Float32Array.BYTES_PER_ELEMENT);
}
