import { expect, test } from 'vitest';
import { asNumbers, cut } from '../../src/convolution/as_numbers';

test('a page lays out no more than a few thousand cells', () => {
  expect(asNumbers(18, 18, 1)).toBe(true);
  expect(asNumbers(18, 18, 8)).toBe(false);
  expect(asNumbers(28, 28, 1)).toBe(false);
  expect(asNumbers(1, 40, 1)).toBe(true);
  expect(asNumbers(1, 41, 1)).toBe(false);
});

test('the piece around a window has a cell more on each side, within the whole', () => {
  const whole = { paddedRows: 66, paddedColumns: 66 };
  expect(cut({ row: 20, column: 30, rows: 3, columns: 3 }, whole)).toEqual({
    row: 19,
    column: 29,
    rows: 5,
    columns: 5,
  });
  expect(cut({ row: 0, column: 63, rows: 3, columns: 3 }, whole)).toEqual({
    row: 0,
    column: 61,
    rows: 5,
    columns: 5,
  });
  const large = cut({ row: 10, column: 10, rows: 31, columns: 31 }, whole);
  expect([large.rows, large.columns]).toEqual([13, 13]);
});
