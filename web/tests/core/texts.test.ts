// @vitest-environment node
import { expect, test } from 'vitest';
import { readKernel } from '../../src/core/kernel_text';
import { numbersText, numberOf, typedNumbers, typedPicture } from '../../src/core/matrix_text';
import { general, plain, spelled } from '../../src/core/number_text';
import { poolText, readPool } from '../../src/core/pool_text';
import { readBias, readPosition, readSettings } from '../../src/core/settings_text';
import { sizeFormula } from '../../src/core/size_formula';
import { CoreError } from '../../src/core/sliding';

const written = (parts: readonly { text: string }[]) => parts.map(({ text }) => text).join('');

const typed = (text: string) => {
  const numbers = typedNumbers(text, 'kernel');
  return numbers && { shape: numbers.shape, data: Array.from(numbers.data) };
};

test('numbers are written as Python writes them', () => {
  expect([2, -0.5, 1 / 3, 12663, 1e7, 1e-5, -0, NaN, -Infinity].map((x) => plain(x))).toEqual([
    '2',
    '-0.5',
    '0.3333',
    '12663',
    '1e+07',
    '1e-05',
    '0',
    'nan',
    '-inf',
  ]);
  expect([1000.5, 1001.5, 12.125, 12.375, 0.00012345, 9999.5].map((x) => plain(x))).toEqual([
    '1000',
    '1002',
    '12.12',
    '12.38',
    '0.0001234', // 0.00012345 as a double is a little less
    '1e+04',
  ]);
  expect([spelled(-0.5), spelled(2), general(2.5, 6)]).toEqual(['(-0.5)', '2', '2.5']);
});

test('rows, channels and filters are typed, and fractions are numbers', () => {
  expect(typed('1 0 -1; 2 0 -2')).toEqual({ shape: [1, 1, 2, 3], data: [1, 0, -1, 2, 0, -2] });
  expect(typed('1/4 1/2 1/4')).toEqual({ shape: [1, 1, 3], data: [0.25, 0.5, 0.25] });
  expect(typed('1 2; 3 4 / 5 6; 7 8')).toEqual({ shape: [1, 2, 2, 2], data: [1, 2, 3, 4, 5, 6, 7, 8] });
  expect(typed('1/2 0 / 0 1 // 1 1 / 0 0')).toEqual({
    shape: [2, 2, 2],
    data: [0.5, 0, 0, 1, 1, 1, 0, 0],
  });
  expect(typed('1 2\n3 4\n/\n5 6\n7 8')!.shape).toEqual([1, 2, 2, 2]);
  expect([typed('sobel-x'), typed(''), typed('/ 1'), numberOf('1/0')]).toEqual([null, null, null, null]);
});

test('what was typed is written again as the same numbers', () => {
  for (const text of ['1 0 -1; 2 0 -2', '0.25 1.5 / 3 4', '1; 2 / 3; 4 // 5; 6 / 7; 8', '1e-7 1e+21']) {
    expect(numbersText(typedNumbers(text, 'kernel')!)).toBe(text);
  }
});

test.each([
  ['1 2; 3', /rows with 1 and 2 numbers/],
  ['1 2 / 3', /different sizes: 1×2, 1×1/],
  ['1 / 2 // 3', /different numbers of channels: 2, 1/],
  ['1 2 x', /“x” is not a number/],
  ['1 2 /3 4', /“\/3” is not a number.*space on both sides/],
  ['1 2 /', /A channel holds no numbers/],
  ['1 nan', /“nan” is not finite/],
  ['1 '.repeat(100_001), /100,001 numbers, and 100,000 can be typed/],
])('%.20s is refused with what is wrong', (text, sentence) => {
  expect(() => typedNumbers(text, 'kernel')).toThrow(sentence);
  expect(() => typedNumbers(text, 'kernel')).toThrow(CoreError);
});

test('a typed picture has channels and no filters', () => {
  expect(typedPicture('1 2 / 3 4')!.shape).toEqual([2, 2]);
  expect(() => typedPicture('1 2 // 3 4')).toThrow(/for the filters of a kernel/);
});

test('a kernel is named or typed, and fits pictures or signals', () => {
  expect(readKernel('sobel', 2).shape).toEqual([1, 1, 3, 3]);
  expect(readKernel('gaussian:2', 2).shape).toEqual([1, 1, 13, 13]);
  expect(readKernel('1 0 -1', 2).shape).toEqual([1, 1, 1, 3]);
  expect(readKernel('1 0 -1', 1).shape).toEqual([1, 1, 3]);
  expect(() => readKernel('sobel-x', 1)).toThrow(/one row such as 1 0 -1, not one of 3×3/);
  expect(() => readKernel('sobol-x', 2)).toThrow(/“sobol-x”: is sobel-x meant\? There are identity, /);
  expect(() => readKernel('box:2.5', 2)).toThrow(/whole number from 1 to 999, not 2.5/);
  expect(() => readKernel('gaussian:1:2:3', 2)).toThrow(/takes sigma, size/);
});

test('a pool is written in a short form', () => {
  expect(readPool('l2:3x2:1')).toEqual({ kind: 'lp', p: 2, window: [3, 2], stride: [1] });
  expect(poolText(readPool('lp:2:2:3'))).toBe('l3:2:2');
  expect(poolText(readPool('lp:2:1:1.5'))).toBe('lp:2:1:1.5');
  expect(() => readPool('mox:2')).toThrow(/is max meant/);
  expect(() => readPool('max:0')).toThrow(/such as max:2/);
});

test('settings are numbers, or names', () => {
  const settings = (texts: object) =>
    readSettings({ padding: 'valid', stride: '1', dilation: '1', border: 'zeros', ...texts });
  expect(settings({ padding: '1,2', stride: '2x1' })).toMatchObject({ padding: [1, 2], stride: [2, 1] });
  expect(settings({ padding: '3' }).padding).toBe(3);
  expect(() => settings({ padding: 'some' })).toThrow(/There is no padding “some”/);
  expect(() => settings({ stride: '0' })).toThrow(/stride is a whole number from 1/);
  expect(() => settings({ border: 'wrap' })).toThrow(/zeros, reflect, replicate, circular/);
  expect([readBias(''), readBias('1/2, -1')]).toEqual([null, [0.5, -1]]);
  expect([readPosition(''), readPosition('3,4')]).toEqual([null, [3, 4]]);
});

test('the size formula has the numbers of its axis in it', () => {
  const axis = { size: 5, before: 1, after: 1, kernel: 3, dilation: 1, stride: 2, output: 3, unreached: [] };
  expect(written(sizeFormula(axis))).toBe('⌊(5 + 1 + 1 - 1·(3 - 1) - 1) / 2⌋ + 1 = 3');
  expect(sizeFormula(axis).filter(({ kind }) => kind === 'stride')).toEqual([{ kind: 'stride', text: '2' }]);
});
