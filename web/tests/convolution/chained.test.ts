import { expect, test } from 'vitest';
import { chained, linearText, textsOf, written } from '../../src/convolution/chained';
import { resized } from '../../src/convolution/resized';

const MAP = { shape: [1, 2, 2], data: Float64Array.of(-1, 2, 3, -4) };

test('stage after stage', () => {
  const stages = chained(MAP, ['relu', 'flatten', 'linear:1 1 1 1; 1 -1 1 -1:0 10', 'softmax']);
  expect(stages.map(({ result }) => Array.from(result!.output.data))).toEqual([
    [0, 2, 3, 0],
    [0, 2, 3, 0],
    [5, 11],
    [1 / (1 + Math.exp(6)), 1 / (1 + Math.exp(-6))].map((share) => expect.closeTo(share, 12)),
  ]);
});

test('a stage that does not fit says so; those before it stay, those behind it wait', () => {
  const [relu, linear, softmax] = chained(MAP, ['relu', 'linear:1 2 3', 'softmax']);
  expect(relu!.result).not.toBeNull();
  expect(linear!.wrong).toBeTruthy();
  expect(softmax).toEqual({ text: 'softmax', result: null, wrong: '' });
  expect(chained(MAP, ['', 'relu'])[0]!.wrong).toBeTruthy();
  expect(chained(MAP, ['rleu'])[0]!.wrong).toContain('relu');
});

test('a pool behind a kernel is the first stage; alone it is what slides', () => {
  expect(textsOf({ kernel: '1', pool: 'max:2', then: 'relu | flatten' })).toEqual([
    'max:2',
    'relu',
    'flatten',
  ]);
  expect(textsOf({ kernel: '', pool: 'max:2', then: '' })).toEqual([]);
});

test('a new stage fits what there is', () => {
  expect(written('relu', MAP)).toEqual(['relu']);
  for (const kind of ['linear', 'softmax', 'pool', 'batch-norm', 'flatten', 'relu'])
    for (const { wrong } of chained(MAP, written(kind, MAP))) expect(wrong).toBe('');
});

test('weights are fitted to other inputs, those that there are stay', () => {
  const weights = { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) };
  expect(linearText(weights, 2)).toBe('linear:1 2; 4 5');
  expect(linearText(weights, 4)).toBe('linear:1 2 3 0; 4 5 6 0');
});

test('a kernel grows by zeros, and by filters and planes like the last', () => {
  const kernel = { shape: [1, 1, 2, 2], data: Float64Array.of(1, 2, 3, 4) };
  expect(Array.from(resized(kernel, [1, 1, 3, 3]).data)).toEqual([1, 2, 0, 3, 4, 0, 0, 0, 0]);
  expect(Array.from(resized(kernel, [1, 1, 1, 2]).data)).toEqual([1, 2]);
  expect(Array.from(resized(kernel, [2, 2, 1, 1]).data)).toEqual([1, 1, 1, 1]);
});
