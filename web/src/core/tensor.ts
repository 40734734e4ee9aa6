/** Numbers with a shape, row by row, as NumPy lays them out. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** How many numbers a shape has. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** A tensor of these numbers; a Float64Array is taken as it is, and shared. */
export function tensor(shape: readonly number[], numbers: ArrayLike<number>): Tensor {
  const data = numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
  if (data.length !== countOf(shape)) throw new RangeError(`${data.length} numbers for the shape ${shape}`);
  return { shape, data };
}

/** Where the number of a position lies in the data. */
export function offsetOf(shape: readonly number[], position: readonly number[]): number {
  return shape.reduce((offset, size, axis) => offset * size + position[axis]!, 0);
}

/** The position of the number that lies there: the opposite of `offsetOf`. */
export function positionOf(shape: readonly number[], offset: number): number[] {
  const position = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position[axis] = offset % shape[axis]!;
    offset = Math.floor(offset / shape[axis]!);
  }
  return position;
}

/** Whether a tensor of that shape has such a position. */
export function holds(shape: readonly number[], position: readonly number[]): boolean {
  return (
    position.length === shape.length &&
    position.every((place, axis) => Number.isInteger(place) && place >= 0 && place < shape[axis]!)
  );
}

/** One number. */
export function at(values: Tensor, position: readonly number[]): number {
  return values.data[offsetOf(values.shape, position)]!;
}

/** One part along the first axis, such as a channel; it shares its numbers with the whole. */
export function part(values: Tensor, index: number): Tensor {
  const shape = values.shape.slice(1);
  const count = countOf(shape);
  return { shape, data: values.data.subarray(index * count, (index + 1) * count) };
}

/** The same numbers under another shape. */
export function reshaped(values: Tensor, shape: readonly number[]): Tensor {
  return tensor(shape, values.data);
}

/** Every number through a function. */
export function mapped(values: Tensor, change: (number: number) => number): Tensor {
  return { shape: values.shape, data: values.data.map(change) };
}
