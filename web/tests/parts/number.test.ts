import { expect, test } from 'vitest';
import { shown } from '../../src/parts/number';

test.each([
  [0, '0'],
  [-3, '-3'],
  [0.1 + 0.2, '0.3'],
  [1234.5678, '1235'],
  [-0.00012345, '-1.23e-4'],
  [12345678, '1.23e7'],
  [123456.7, '123500'],
  [NaN, 'NaN'],
])('%d is read as %s', (value, text) => expect(shown(value)).toBe(text));
