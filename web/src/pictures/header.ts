// The size of a picture file from its first bytes, so that one that is far too large is never decoded.

/** Columns and rows as the file stores them; null where the format is another, or the head is cut off. */
export function sizeOf(file: Uint8Array): { columns: number; rows: number } | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const begins = (text: string, at = 0) =>
    [...text].every((letter, k) => file[at + k] === letter.charCodeAt(0));
  try {
    if (begins('\x89PNG')) return { columns: view.getUint32(16), rows: view.getUint32(20) };
    if (begins('GIF8')) return { columns: view.getUint16(6, true), rows: view.getUint16(8, true) };
    if (begins('BM')) return { columns: view.getInt32(18, true), rows: Math.abs(view.getInt32(22, true)) };
    if (begins('RIFF') && begins('WEBP', 8)) return webp(view, String.fromCharCode(...file.subarray(12, 16)));
    if (begins('\xff\xd8')) return jpeg(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the head is cut off
  }
  return null;
}

function webp(view: DataView, kind: string): { columns: number; rows: number } | null {
  const three = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (kind === 'VP8X') return { columns: three(24) + 1, rows: three(27) + 1 };
  if (kind === 'VP8 ')
    return { columns: view.getUint16(26, true) & 0x3fff, rows: view.getUint16(28, true) & 0x3fff };
  if (kind !== 'VP8L') return null;
  const bits = view.getUint32(21, true);
  return { columns: (bits & 0x3fff) + 1, rows: ((bits >> 14) & 0x3fff) + 1 };
}

/** The first frame header among the segments; C4, C8 and CC are none. */
function jpeg(view: DataView): { columns: number; rows: number } | null {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { columns: view.getUint16(at + 7), rows: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
