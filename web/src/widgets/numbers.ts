import type { Tensor } from '../core/tensor';
import { fromNumbers, fromValues } from '../pictures/making';
import type { Picture } from '../pictures/picture';
import { bytesOf, sameBytes } from './bytes';

/** A picture on its way to Python and back (widgets/pictures.py): bytes of a picture, and doubles of numbers. */
export interface Sent {
  name: string;
  kind: Picture['kind'];
  shape: number[];
  data: DataView | Uint8Array;
}

export function sentOf({ name, kind, values }: Picture): Sent {
  const data = kind === 'picture' ? Uint8Array.from(values.data) : new Uint8Array(values.data.slice().buffer);
  return { name, kind, shape: [...values.shape], data };
}

export function pictureOfSent({ name, kind, shape, data }: Sent): Promise<Picture> {
  const bytes = bytesOf(data);
  const numbers = kind === 'picture' ? Float64Array.from(bytes) : new Float64Array(bytes.buffer);
  const values: Tensor = { shape, data: numbers };
  return kind === 'picture' ? fromValues(values, name) : fromNumbers(values, name);
}

/** Whether two are the same numbers. */
export function sameSent(one: Sent, other: Sent): boolean {
  return (
    one.kind === other.kind && String(one.shape) === String(other.shape) && sameBytes(one.data, other.data)
  );
}
