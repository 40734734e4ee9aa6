// @vitest-environment node
import { expect, test } from 'vitest';
import { chain } from '../../src/core/chain';
import { readChain } from '../../src/core/chain_text';
import { tensor } from '../../src/core/tensor';

const MAPS = tensor([2, 2, 2], [1, -2, 3, -4, 10, 20, 30, 40]);
const numbers = (values: { data: Float64Array }) => Array.from(values.data);

test('stage after stage, each with what went in and what came out', () => {
  const results = chain(MAPS, 'relu | max:2 | flatten | linear:1 0; 0 0.5; -1 1:0 1 0 | softmax');
  expect(results.map(({ output }) => output.shape)).toEqual([[2, 2, 2], [2, 1, 1], [2], [3], [3]]);
  expect(numbers(results[0]!.output)).toEqual([1, 0, 3, 0, 10, 20, 30, 40]);
  expect(numbers(results[1]!.output)).toEqual([3, 40]);
  expect(results[1]!.input).toBe(results[0]!.output);
  expect(numbers(results[3]!.output)).toEqual([3, 21, 37]);
  expect(numbers(results[4]!.output).reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
});

test('every number says how it comes about, and which numbers of the stage before it reads', () => {
  const [relu, pooled, flat, linear, softmax] = chain(
    MAPS,
    'relu | max:2 | flatten | linear:1 0; 0 0.5:0 1 | softmax',
  );
  expect(relu!.explain([0, 0, 1])).toEqual({
    terms: [{ position: [0, 0, 1], value: -2, weight: null }],
    equation: 'max(-2, 0) = 0',
    result: 0,
  });
  expect(pooled!.explain([1, 0, 0]).terms.map(({ position }) => position)).toEqual([
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, 0],
    [1, 1, 1],
  ]);
  expect(flat!.explain([1])).toMatchObject({ terms: [{ position: [1, 0, 0], value: 40 }] });
  expect(flat!.explain([1]).equation).toBe('number 1 of the row = 40');
  expect(linear!.explain([1])).toEqual({
    terms: [
      { position: [0], value: 3, weight: 0 },
      { position: [1], value: 40, weight: 0.5 },
    ],
    equation: '3·0 + 40·0.5 + 1 = 21',
    result: 21,
  });
  expect(softmax!.explain([1]).equation).toBe('exp(21) / (exp(3) + exp(21)) = 1');
  expect(() => linear!.explain([2])).toThrow(/no place 2/);
});

test('a batch norm takes mean and variance of the map itself, or those that are given', () => {
  const [own] = chain(tensor([1, 4], [1, 2, 3, 4]), 'batch-norm');
  expect(own!.numbers).toEqual({ scale: [1], shift: [0], mean: [2.5], variance: [1.25] });
  expect(own!.output.data[3]).toBeCloseTo(1.5 / Math.sqrt(1.25001), 12);
  expect(own!.explain([0, 3]).equation).toBe('(4 - 2.5) / √(1.25 + 1e-05) = 1.342');
  const [given] = chain(MAPS, 'batch-norm:2 1:0:1 10:3');
  expect(given!.numbers).toEqual({ scale: [2, 1], shift: [0, 0], mean: [1, 10], variance: [3, 3] });
  expect(given!.output.data[0]).toBe(0);
  expect(given!.explain([0, 1, 0]).equation).toBe('2·(3 - 1) / √(3 + 1e-05) + 0 = 2.309');
});

test('scores of any size give shares', () => {
  const [softmax] = chain(tensor([3], [1000, 1000, -1000]), 'softmax');
  expect(numbers(softmax!.output)).toEqual([0.5, 0.5, 0]);
});

test('an equation of very many terms counts them', () => {
  const row = Array.from({ length: 300 }, () => '1').join(' ');
  const [linear] = chain(tensor([300], Array(300).fill(1)), `linear:${row}:2`);
  expect(linear!.explain([0]).equation).toBe('sum of 300 products + 2 = 302');
  expect(linear!.explain([0]).terms).toHaveLength(300);
  const [softmax] = chain(tensor([300], Array(300).fill(1)), 'softmax');
  expect(softmax!.explain([0]).equation).toBe('exp(1) / (Σ exp(x)) = 0.003333');
  const photo = tensor([1, 20, 20], Array(400).fill(-2));
  const told = ['global-max', 'global-average', 'l2:20'].map(
    (pool) => chain(photo, pool)[0]!.explain([0, 0, 0]).equation,
  );
  expect(told).toEqual([
    'maximum of 400 numbers = -2',
    'mean of 400 numbers = -2',
    '2-norm of 400 numbers = 40',
  ]);
});

test('nothing follows an empty text', () => {
  expect(readChain('')).toEqual([]);
  expect(chain(MAPS, '  ')).toEqual([]);
});

test.each([
  ['softmax', /softmax takes numbers in a row, and here they are 2×2×2; put flatten before it/],
  ['linear:1 2', /linear takes numbers in a row/],
  ['flatten | linear:1 2', /2 weights in a row, and 8 numbers come in/],
  ['flatten | max:2', /takes a signal or a picture/],
  ['max:3', /does not fit an input of 2×2/],
  ['relu | | softmax', /A stage is empty/],
  ['rely', /is relu meant/],
  ['batch-norm:1:2', /gamma:beta:mean:variance/],
  ['batch-norm:1 2 3:0:0:1', /2 channels takes one number for each/],
  ['batch-norm:1:0:0:-1', /A variance is 0 or above/],
  ['relu:1', /relu takes no settings/],
  ['linear:a', /is no linear layer/],
])('%s is refused with what is wrong', (text, sentence) => {
  expect(() => chain(MAPS, text)).toThrow(sentence);
  expect(() => chain(MAPS, text)).toThrow(expect.objectContaining({ about: 'then' }));
});
