// Binary parts of messages: views of a memory that may hold others too.

export function sameBytes(one: ArrayBufferView, other: ArrayBufferView): boolean {
  if (one.byteLength !== other.byteLength) return false;
  const [a, b] = [one, other].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return (a as Uint8Array).every((byte, k) => byte === (b as Uint8Array)[k]);
}

/** A copy of its own: buffers of a message may lie in one memory, not on 4 bytes, and are sent whole. */
export function bytesOf(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}
