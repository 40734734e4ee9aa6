import { expect, test } from 'vitest';
import { moved, type Place } from '../../src/parts/cells';

function press(key: string, from: Place, options: KeyboardEventInit = {}): Place | null {
  return moved(new KeyboardEvent('keydown', { key, ...options }), from, 30, 20);
}

test('arrow keys go to the neighbours, and stay on the grid', () => {
  expect(press('ArrowRight', [3, 4])).toEqual([3, 5]);
  expect(press('ArrowLeft', [3, 0])).toEqual([3, 0]);
  expect(press('ArrowUp', [0, 4])).toEqual([0, 4]);
  expect(press('ArrowDown', [29, 4])).toEqual([29, 4]);
  expect(press('ArrowDown', [3, 4], { shiftKey: true })).toEqual([13, 4]);
  expect(moved(new KeyboardEvent('keydown', { key: 'ArrowLeft', shiftKey: true }), [3, 7], 9, 9, 4)).toEqual([
    3, 3,
  ]);
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
