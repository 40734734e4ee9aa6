// @vitest-environment node
import { expect, test } from 'vitest';
import { readPool } from '../../src/core/pool_text';
import { pool } from '../../src/core/pooling';
import { tensor } from '../../src/core/tensor';

const FOUR = tensor([4, 4], [1, 2, 3, 0, 4, 5, 6, 1, 3, 4, 7, 2, 1, 2, 1, 0]);
const numbers = (values: { data: Float64Array }) => Array.from(values.data);

test('the largest number of each window, and where it is', () => {
  const walk = pool(FOUR, readPool('max:2'));
  expect(numbers(walk.output)).toEqual([5, 6, 4, 7]);
  expect(walk.step([0, 1])).toMatchObject({ winner: [1, 2], equation: 'max(3, 0, 6, 1) = 6' });
});

test('the mean and the norm of each window', () => {
  expect(numbers(pool(FOUR, readPool('average:2')).output)).toEqual([3, 2.5, 2.5, 2.5]);
  expect(pool(FOUR, readPool('average:2')).step([0, 0]).equation).toBe('(1 + 2 + 4 + 5) / 4 = 3');
  const walk = pool(tensor([2, 2], [3, -4, 0, 0]), readPool('l2:2'));
  expect(numbers(walk.output)).toEqual([5]);
  expect(walk.step([0, 0]).equation).toBe('(|3|^2 + |-4|^2 + |0|^2 + |0|^2)^(1/2) = 5');
});

test('padded zeros never win, count in an average, and change no norm', () => {
  const dark = tensor([2], [-3, -4]);
  const padding = { padding: 1, stride: [1] };
  expect(numbers(pool(dark, readPool('max:2'), padding).output)).toEqual([-3, -3, -4]);
  expect(numbers(pool(dark, readPool('average:2'), padding).output)).toEqual([-1.5, -3.5, -2]);
  expect(numbers(pool(dark, readPool('l1:2'), padding).output)).toEqual([3, 7, 4]);
  expect(pool(dark, readPool('max:2'), padding).step([0])).toMatchObject({
    start: [-1],
    counted: [false, true],
    winner: [0],
    equation: 'max(-3) = -3',
  });
});

test('each channel is pooled by itself', () => {
  const walk = pool(tensor([2, 2], [1, 2, 30, 10]), readPool('global-max'), { channels: true });
  expect([walk.shape, numbers(walk.output)]).toEqual([
    [2, 1],
    [2, 30],
  ]);
  expect(walk.step([1, 0])).toMatchObject({ position: [1, 0], winner: [1, 0], equation: 'max(30, 10) = 30' });
});

test('a stride that is written goes before that of the settings', () => {
  expect(pool(FOUR, readPool('max:2'), { stride: [1] }).shape).toEqual([3, 3]);
  expect(pool(FOUR, readPool('max:2:2'), { stride: [1] }).shape).toEqual([2, 2]);
  expect(pool(FOUR, readPool('max:3')).axes[0]!.unreached).toEqual([3]);
});

test('no power of a norm overflows', () => {
  const walk = pool(tensor([2], [1e200, 1e200]), readPool('l2:2'));
  expect(walk.output.data[0]! / 1e200).toBeCloseTo(Math.SQRT2, 12);
  expect(walk.step([0]).result / 1e200).toBeCloseTo(Math.SQRT2, 12);
});

test.each([
  ['max:5', {}, /does not fit an input of 4×4/],
  ['max:2', { padding: 2 }, /see nothing but padding/],
  ['global-max', { padding: 1 }, /takes the whole map/],
  ['global-average', { dilation: [2] }, /takes the whole map/],
])('%s with %o is refused', (text, settings, sentence) => {
  expect(() => pool(FOUR, readPool(text), settings)).toThrow(sentence);
});

test('a signal has one axis', () => {
  expect(() => pool(tensor([4], [1, 2, 3, 4]), readPool('max:2x2'))).toThrow(/two axes/);
});
