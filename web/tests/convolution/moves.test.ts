import { expect, test } from 'vitest';
import { asNumbers, cut, moved, type Place } from '../../src/convolution/moves';

function press(key: string, from: Place, options: KeyboardEventInit = {}): Place | null {
  return moved(new KeyboardEvent('keydown', { key, ...options }), from, 30, 20);
}

test('arrow keys go to the neighbours, and stay on the grid', () => {
  expect(press('ArrowRight', [3, 4])).toEqual([3, 5]);
  expect(press('ArrowLeft', [3, 0])).toEqual([3, 0]);
  expect(press('ArrowUp', [0, 4])).toEqual([0, 4]);
  expect(press('ArrowDown', [29, 4])).toEqual([29, 4]);
  expect(press('ArrowDown', [3, 4], { shiftKey: true })).toEqual([13, 4]);
});

test('Home and End go along the row, with Ctrl to the corners; pages are ten rows', () => {
  expect(press('Home', [3, 4])).toEqual([3, 0]);
  expect(press('End', [3, 4])).toEqual([3, 19]);
  expect(press('Home', [3, 4], { ctrlKey: true })).toEqual([0, 0]);
  expect(press('End', [3, 4], { ctrlKey: true })).toEqual([29, 19]);
  expect(press('PageDown', [25, 4])).toEqual([29, 4]);
  expect(press('PageUp', [12, 4])).toEqual([2, 4]);
});

test('other keys move nothing', () => {
  expect(press('a', [3, 4])).toBeNull();
  expect(press('ArrowRight', [3, 4], { altKey: true })).toBeNull();
});

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
