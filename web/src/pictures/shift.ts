import type { Tensor } from '../core/tensor';
import { fromValues, nameOf } from './making';
import type { Picture } from './picture';

/** How far an arrow key shifts a picture, [rows down, columns right]; null for another key. */
export function arrowShift(key: string): readonly [number, number] | null {
  return KEYS[key] ?? null;
}
const KEYS: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The picture moved by rows down and columns right, with a file of its own; as it is where it does not move. */
export async function shifted(picture: Picture, down: number, right: number): Promise<Picture> {
  if (!down && !right) return picture;
  const values = shiftedValues(picture.values, down, right);
  return fromValues(values, nameOf(picture, 'shifted'), ''); // it is only sent: the address has picture and shift
}

/** (C, rows, columns) moved; what is uncovered has the ground's colour. */
export function shiftedValues(values: Tensor, down: number, right: number): Tensor {
  const [channels = 1, rows = 1, columns = 1] = values.shape;
  const ground = edgeColour(values);
  const data = new Float64Array(values.data.length);
  let place = 0;
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const [y, x] = [row - down, column - right];
        const inside = y >= 0 && y < rows && x >= 0 && x < columns;
        data[place++] = (
          inside ? values.data[(channel * rows + y) * columns + x] : ground[channel]
        ) as number;
      }
  return { shape: values.shape, data };
}

/** The colour around a picture: per channel the middle one of the numbers on its edge. */
export function edgeColour({ shape, data }: Tensor): number[] {
  const [channels = 1, rows = 1, columns = 1] = shape;
  return Array.from({ length: channels }, (_, channel) => {
    const edge: number[] = [];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        if (row === 0 || column === 0 || row === rows - 1 || column === columns - 1)
          edge.push(data[(channel * rows + row) * columns + column] as number);
    return edge.sort((one, other) => one - other)[edge.length >> 1] as number;
  });
}
