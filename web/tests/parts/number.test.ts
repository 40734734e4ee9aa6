// @vitest-environment node
import { expect, test } from 'vitest';
import { shown } from '../../src/parts/number';

test('a number is read with a real minus', () => {
  expect([0.1 + 0.2, -3, -0.000012345].map((value) => shown(value))).toEqual(['0.3', '−3', '−1.234e−05']);
});
