import type { Sample } from '../api';
import type { Tensor } from '../core/tensor';
import { Ink } from './ink';
import { fromFile, fromNumbers, fromValues } from './making';
import type { Picture } from './picture';

// Pictures that are there to begin with. The page's own are made by these lines; a server may offer more.

export interface SamplePicture {
  name: string; // of its code, sample:NAME
  kind: 'picture' | 'numbers';
  picture(): Promise<Picture>;
}

/** A sample that the server offers. */
export function sampleOf({ name, file }: Sample): SamplePicture {
  const named = /\.[a-z]+$/i.test(name) ? name : `${name}.png`;
  return { name, kind: 'picture', picture: () => fromFile(file, named, `sample:${name}`) };
}

const numbers = (name: string, values: () => Tensor): SamplePicture => ({
  name,
  kind: 'numbers',
  picture: () => fromNumbers(values(), `${name}.csv`, `sample:${name}`),
});
const picture = (name: string, values: () => Tensor): SamplePicture => ({
  name,
  kind: 'picture',
  picture: () => fromValues(values(), `${name}.png`, `sample:${name}`),
});

/** The page's own samples. */
export const OWN: readonly SamplePicture[] = [
  numbers('numbers', () => plane(3, 3, (row, column) => 3 * row + column + 1)),
  numbers('cross', () => plane(7, 7, (row, column) => (row === 3 || column === 3 ? 1 : 0))),
  numbers('edge', () => plane(6, 6, (_, column) => (column < 3 ? 10 : 0))),
  numbers('stripes', () => plane(8, 8, (row, column) => (((row + column) >> 1) % 2 ? 0 : 1))),
  numbers('checkerboard', () => plane(8, 8, (row, column) => (row + column) % 2)),
  numbers('gradient', () => plane(8, 8, (row, column) => row + column)),
  picture('disc', () => plane(28, 28, (row, column) => inDisc(row, column, 13.5, 13.5, 9))),
  picture('seven', () => digit(SEVEN)),
  picture('three', () => digit(THREE)),
  picture('rings', () => plane(64, 64, rings)),
  picture('discs', threeColours),
  numbers('noisy-step', () => signal(32, (place) => (place < 16 ? 0 : 1) + 0.3 * noise(place))),
  numbers('sine', () => signal(32, (place) => Math.sin((2 * Math.PI * place) / 16))),
];

function plane(rows: number, columns: number, value: (row: number, column: number) => number): Tensor {
  const data = Float64Array.from({ length: rows * columns }, (_, k) =>
    value(Math.floor(k / columns), k % columns),
  );
  return { shape: [1, rows, columns], data };
}

/** Two digits behind the point, so that the numbers can be read and typed. */
function signal(places: number, value: (place: number) => number): Tensor {
  const data = Float64Array.from({ length: places }, (_, place) => Math.round(100 * value(place)) / 100 + 0);
  return { shape: [1, places], data };
}

function inDisc(
  row: number,
  column: number,
  middleRow: number,
  middleColumn: number,
  radius: number,
): number {
  const beyond = Math.hypot(row - middleRow, column - middleColumn) - radius;
  return Math.round(255 * Math.min(1, Math.max(0, 0.5 - beyond)));
}

/** Rings that grow finer outwards: what a filter does to coarse and to fine. */
function rings(row: number, column: number): number {
  const square = (row - 31.5) ** 2 + (column - 31.5) ** 2;
  return Math.round(127.5 * (1 + Math.cos((Math.PI * square) / 90)));
}

function threeColours(): Tensor {
  const middles = [
    [18, 24],
    [29, 17],
    [29, 31],
  ] as const;
  const planes = middles.map(([row, column]) => plane(48, 48, (y, x) => inDisc(y, x, row, column, 12)));
  return { shape: [3, 48, 48], data: Float64Array.from(planes.flatMap(({ data }) => [...data])) };
}

/** Between -1 and 1, the same each time. */
function noise(place: number): number {
  const wave = Math.sin(place * 12.9898 + 4.1414) * 43758.5453;
  return 2 * (wave - Math.floor(wave)) - 1;
}

// Digits as strokes over a 28×28 ground: each a path of [row, column].
const SEVEN = [
  [
    [7.5, 7.5],
    [7, 13],
    [7, 19.5],
    [11, 17.5],
    [16, 14.5],
    [22, 12.5],
  ],
] as const;
const THREE = [
  [
    [8, 8.5],
    [6.3, 12],
    [6.5, 16],
    [8.8, 18.3],
    [11.5, 17],
    [13.2, 13],
    [14.2, 17],
    [16.6, 19.2],
    [19.6, 18.2],
    [21.4, 14.5],
    [21.2, 10.5],
    [19.5, 8],
  ],
] as const;

function digit(strokes: readonly (readonly (readonly [number, number])[])[]): Tensor {
  const ink = new Ink(28, 28);
  for (const path of strokes) {
    const fine = smooth(path);
    for (let k = 1; k < fine.length; k++) ink.line(fine[k - 1]!, fine[k]!);
  }
  return ink.values();
}

/** A path with more points, round where it bends (Catmull and Rom 1974). */
function smooth(path: readonly (readonly [number, number])[]): [number, number][] {
  const at = (k: number) => path[Math.min(path.length - 1, Math.max(0, k))] as readonly [number, number];
  const fine: [number, number][] = [];
  for (let k = 0; k + 1 < path.length; k++)
    for (let part = 0; part <= 8; part++) {
      const t = part / 8;
      const along = (axis: 0 | 1) => {
        const [a, b, c, d] = [at(k - 1)[axis], at(k)[axis], at(k + 1)[axis], at(k + 2)[axis]];
        return (
          0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3)
        );
      };
      fine.push([along(0), along(1)]);
    }
  return fine;
}
