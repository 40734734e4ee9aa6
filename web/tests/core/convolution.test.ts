// @vitest-environment node
import { expect, test } from 'vitest';
import { convolution, convolutionOfEach } from '../../src/core/convolution';
import { CoreError } from '../../src/core/sliding';
import { tensor } from '../../src/core/tensor';

const THREE = tensor([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
const numbers = (values: { data: Float64Array }) => Array.from(values.data);

test('a kernel slides over a picture and every step says how its number comes about', () => {
  const walk = convolution(THREE, tensor([2, 2], [1, 0, 0, -1]));
  expect(walk.shape).toEqual([2, 2]);
  expect(numbers(walk.output)).toEqual([-4, -4, -4, -4]);
  const step = walk.step([0, 1]);
  expect(step.start).toEqual([0, 1]);
  expect(step.coordinates).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(numbers(step.window)).toEqual([2, 3, 5, 6]);
  expect(numbers(step.products)).toEqual([2, 0, 0, -6]);
  expect(numbers(step.running)).toEqual([2, 2, 2, -4]);
  expect(step.channelSums).toEqual([-4]);
  expect(step.inside).toEqual([true, true, true, true]);
  expect(step.equation).toBe('2·1 + 3·0 + 5·0 + 6·(-1) = -4');
});

test('the product of two polynomials is the full convolution of their coefficients', () => {
  const walk = convolution(tensor([4], [3, 2, 1, 0]), tensor([3], [1, 0, -1]), {
    flip: true,
    padding: 'full',
  });
  expect(numbers(walk.output)).toEqual([3, 2, -2, -2, -1, 0]);
  expect(numbers(walk.step([0]).kernel)).toEqual([-1, 0, 1]);
  expect(walk.step([0]).start).toEqual([-2]);
  expect(walk.step([0]).inside).toEqual([false, false, true]);
});

test('an even kernel with same has its extra place at the start, and with channels at the end', () => {
  const [signal, pair] = [tensor([4], [1, 2, 3, 4]), tensor([2], [1, 1])];
  expect(numbers(convolution(signal, pair, { padding: 'same' }).output)).toEqual([1, 3, 5, 7]);
  const one = tensor([1, 4], signal.data);
  const walk = convolution(one, tensor([1, 1, 2], pair.data), { padding: 'same' });
  expect(walk.shape).toEqual([1, 4]);
  expect(numbers(walk.output)).toEqual([3, 5, 7, 4]);
});

test('one pixel, a kernel as large as the picture, and a stride beyond the kernel', () => {
  const pixel = tensor([1, 1], [5]);
  expect(numbers(convolution(pixel, tensor([1, 1], [-2])).output)).toEqual([-10]);
  expect(numbers(convolution(pixel, tensor([3, 3], Array(9).fill(1)), { padding: 'same' }).output)).toEqual([
    5,
  ]);
  expect(numbers(convolution(THREE, THREE).output)).toEqual([285]);
  const walk = convolution(THREE, tensor([1, 1], [1]), { stride: [2] });
  expect(numbers(walk.output)).toEqual([1, 3, 7, 9]);
  expect(walk.axes.map(({ unreached }) => unreached)).toEqual([[1], [1]]);
});

test('a dilated kernel leaves holes', () => {
  const walk = convolution(tensor([5], [1, 2, 3, 4, 5]), tensor([2], [1, 1]), { dilation: [3] });
  expect(numbers(walk.output)).toEqual([5, 7]);
  expect(walk.step([1]).coordinates).toEqual([[1, 4]]);
  expect(walk.axes[0]).toEqual({
    size: 5,
    before: 0,
    after: 0,
    kernel: 2,
    dilation: 3,
    stride: 1,
    output: 2,
    unreached: [2],
  });
});

test('the products of all channels are added up, filter by filter, and then the bias', () => {
  const input = tensor([2, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40]);
  const filters = tensor([2, 2, 1, 1], [1, 0.5, -1, 0]);
  const walk = convolution(input, filters, { bias: [0, 100] });
  expect(walk.shape).toEqual([2, 2, 2]);
  expect(numbers(walk.output)).toEqual([6, 12, 18, 24, 99, 98, 97, 96]);
  const step = walk.step([1, 0, 1]);
  expect(step.window.shape).toEqual([2, 1, 1]);
  expect(step.channelSums).toEqual([-2, 0]);
  expect(step.equation).toBe('2·(-1) + 20·0 + 100 = 98');
});

test('a filter of one plane per channel alone gives one map', () => {
  const input = tensor([2, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40]);
  const walk = convolution(input, tensor([2, 1, 1], [1, 1]));
  expect(walk.shape).toEqual([1, 2, 2]);
  expect(numbers(walk.output)).toEqual([11, 22, 33, 44]);
});

test('groups keep channels apart', () => {
  const input = tensor([2, 2], [1, 2, 10, 20]);
  const walk = convolution(input, tensor([2, 1, 1], [3, -1]), { groups: 2, channels: true });
  expect(numbers(walk.output)).toEqual([3, 6, -10, -20]);
  expect(() => convolution(input, tensor([3, 1, 1], [1, 1, 1]), { groups: 2 })).toThrow(/2 groups/);
});

test('a kernel of one plane goes over each channel by itself', () => {
  const walk = convolutionOfEach(tensor([2, 1, 3], [1, 2, 3, 10, 20, 30]), tensor([1, 2], [1, 1]), {
    bias: [0.5],
  });
  expect(walk.shape).toEqual([2, 1, 2]);
  expect(numbers(walk.output)).toEqual([3.5, 5.5, 30.5, 50.5]);
  expect(walk.step([1, 0, 1])).toMatchObject({ position: [1, 0, 1], start: [0, 1], result: 50.5 });
  expect(walk.step([1, 0, 1]).window.shape).toEqual([1, 2]);
});

test('what cannot be is a sentence about a control', () => {
  const about = (make: () => unknown) => {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(CoreError);
      expect((error as CoreError).message).toMatch(/^[A-Z“\d].*\.$/);
      return (error as CoreError).about;
    }
    return 'nothing';
  };
  const one = tensor([1, 1], [1]);
  expect(about(() => convolution(one, THREE))).toBe('kernel');
  expect(about(() => convolution(one, tensor([1], [1])))).toBe('kernel');
  expect(about(() => convolution(THREE, one, { padding: 3, border: 'reflect' }))).toBe('border');
  expect(about(() => convolution(THREE, one, { stride: [0] }))).toBe('stride');
  expect(about(() => convolution(THREE, one, { dilation: [1, 1, 1] }))).toBe('dilation');
  expect(about(() => convolution(THREE, one, { padding: -1 }))).toBe('padding');
  expect(about(() => convolution(THREE, one, { padding: 10_000_000 }))).toBe('padding');
  expect(about(() => convolution(THREE, one, { bias: [1, 2] }))).toBe('bias');
  expect(about(() => convolution(THREE, one).step([3, 0]))).toBe('at');
  expect(about(() => convolution(tensor([2, 1, 1], [1, 2]), tensor([1, 3, 1, 1], [1, 2, 3])))).toBe('kernel');
});
