// @vitest-environment node
import { expect, test } from 'vitest';
import { shown, within } from '../../src/parts/number';

test('a number is read with a real minus', () => {
  expect([0.1 + 0.2, -3, -0.000012345].map((number) => shown(number))).toEqual(['0.3', '−3', '−1.234e−05']);
});

test('a negative number within a sum stands in brackets', () => {
  expect([2, -0.5, 0, -3e-6].map((number) => within(number))).toEqual(['2', '(−0.5)', '0', '(−3e−06)']);
});
