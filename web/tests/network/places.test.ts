import { describe, expect, it } from 'vitest';
import { cellOf, cellText } from '../../src/network/cell';
import { mosaic } from '../../src/network/mosaic';
import { formOf, indexAt, placeOf, planesOf, wrapped } from '../../src/network/planes';
import { coloursOf, greysOf } from '../../src/network/pixels';
import { led } from '../../src/network/roving';
import { brief, grouped, percent, plain, short } from '../../src/network/spelling';
import { isSmall, wantedLayers } from '../../src/network/wanted';
import { tiny } from './source';

const tensor = (shape: number[]) => {
  const size = shape.reduce((product, side) => product * side, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, k) => k) };
};

describe('cells', () => {
  it('are read back as they are written, with colons in a name too', () => {
    const layers = ['conv2', 'block:0', 'block'];
    expect(cellOf(cellText('conv2', [3, 5, 7]), layers)).toEqual({ layer: 'conv2', index: [3, 5, 7] });
    expect(cellOf('block:0:1', layers)).toEqual({ layer: 'block:0', index: [1] });
    expect(cellOf('conv9:1', layers)).toBeNull();
    expect(cellOf('conv2:a:1:1', layers)).toBeNull();
    expect(cellOf('conv2:-1:1:1', layers)).toBeNull();
  });
});

describe('planes', () => {
  it.each([[[3, 4, 5]], [[2, 7]], [[6]], [[100]]])(
    'hold every number of %s once, where placeOf says',
    (shape) => {
      const output = tensor(shape);
      const planes = planesOf(output);
      const found = planes.flatMap((plane, number) =>
        Array.from(plane.values, (value, at) => {
          const [row, column] = [Math.floor(at / plane.columns), at % plane.columns];
          const index = indexAt(shape, plane, row, column);
          if (!index) {
            expect(value).toBeNaN();
            return undefined;
          }
          const flat = index.reduce((sum, k, axis) => sum * (shape[axis] as number) + k, 0);
          expect(value).toBe(flat);
          expect(placeOf(shape, index)).toEqual({ plane: number, row, column });
          return flat;
        }).filter((flat) => flat !== undefined),
      );
      expect([...found].sort((one, other) => Number(one) - Number(other))).toEqual([...output.data]);
    },
  );

  it('choose their form by the shape', () => {
    expect([[16, 28, 28], [4, 128], [10], [1568]].map(formOf)).toEqual(['maps', 'signal', 'bars', 'wrapped']);
    expect(wrapped(1568)).toEqual({ rows: 28, columns: 56 });
    expect(placeOf([2, 3, 3], [0, 3, 0])).toBeNull();
    expect(placeOf([2, 3, 3], [0])).toBeNull();
  });

  it('make a square of the first maps', () => {
    const { rows, columns, values } = mosaic(tensor([5, 2, 2]), 4);
    expect([rows, columns]).toEqual([5, 5]); // 2 + 1 + 2
    expect([...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, k) => k),
    );
    expect([values[0], values[1], values[3]]).toEqual([0, 1, 4]);
    expect(mosaic(tensor([1, 2, 3]), 4)).toMatchObject({ rows: 2, columns: 3 });
  });
});

describe('the input of a network for pictures', () => {
  it('is grey from black to white', () => {
    expect(greysOf([[0, 1]])).toEqual({ kind: 'grey', low: 0, high: 1 });
    const normalised = [
      [-2, 2],
      [-3, 1],
      [-1, 2.5],
    ] as const;
    expect(greysOf(normalised)).toEqual({ kind: 'grey', low: -3, high: 2.5 });
  });
  it('has the colours of its pixels, whatever each channel was made to', () => {
    const range = [
      [0, 1],
      [-2, 2],
      [1, 3],
    ] as const;
    const data = Float32Array.of(0, 1, 0, 2, 2, 1);
    expect([...coloursOf({ shape: [3, 1, 2], data }, range)]).toEqual([0, 255, 127.5, 255, 127.5, 0]);
    expect(coloursOf({ shape: [1, 1, 6], data }, [[0, 1]])).toBe(data);
  });
});

describe('wanted', () => {
  it('is everything of a small network, and of a large one what is small or looked at', () => {
    const network = tiny();
    expect(wantedLayers(network, ['conv1'])).toBeUndefined();
    const [input, conv, ...rest] = network.layers;
    const large = {
      ...network,
      numbers: 2_000_000,
      layers: [
        { ...input!, shape: [3, 224, 224] },
        { ...conv!, shape: [64, 112, 112] },
        { ...rest[0]!, shape: [64, 112, 112] },
        ...rest.slice(1),
      ],
    };
    expect(isSmall(large, large.layers[1]!)).toBe(false);
    expect(wantedLayers(large, ['norm1'])).toEqual(
      large.layers.map(({ name }) => name).filter((name) => name !== 'conv1'),
    );
  });
});

describe('words for numbers', () => {
  it('are those of the commands', () => {
    // convscope.ops.steps.plain: ('-0.5', '2', '0.3333', '12663')
    expect([-0.5, 2, 1 / 3, 12663].map((x) => plain(x))).toEqual(['−0.5', '2', '0.3333', '12663']);
    expect(plain(-0)).toBe('0');
    expect(plain(null)).toBe('nan');
    expect(plain(0.123456789, 6)).toBe('0.123457');
    expect([0.02, 2.98e-8].map(brief)).toEqual(['0.02', '3e−8']);
    expect([0.333333, -0.0712, 12663].map(short)).toEqual(['.333', '−.071', '12663']);
    expect([1, 0.99999, 0.1234].map(percent)).toEqual(['100.0 %', '> 99.9 %', '12.3 %']);
    expect(grouped(11181642)).toBe('11,181,642');
  });
});

describe('arrow keys', () => {
  it('move in a grid and stay in it', () => {
    const from = (key: string) => led(key, 4, 9, 3);
    expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map(from)).toEqual([3, 5, 1, 7]);
    expect(['Home', 'End', 'PageUp', 'PageDown'].map(from)).toEqual([3, 5, 1, 7]);
    expect(led('ArrowUp', 1, 9, 3)).toBe(1);
    expect(led('ArrowRight', 8, 9, 3)).toBe(8);
    expect(led('Tab', 4, 9, 3)).toBeNull();
  });
  it('move in a list', () => {
    expect([led('Home', 4, 30), led('End', 4, 30), led('PageDown', 25, 30), led('PageUp', 4, 30)]).toEqual([
      0, 29, 29, 0,
    ]);
  });
});
