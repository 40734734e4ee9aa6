// @vitest-environment node
import { expect, test } from 'vitest';
import { Ink } from '../../src/pictures/ink';

test('a dot is full in the middle, soft around it and the same on all sides', () => {
  const ink = new Ink(9, 9);
  ink.line([4, 4], [4, 4], 2.2);
  const at = (row: number, column: number) => ink.amount[row * 9 + column] as number;
  expect(at(4, 4)).toBe(255);
  const [side, corner] = [at(4, 5), at(5, 5)];
  // (width / 2 + 0.75 - distance) / 1.5 of 255
  expect(side).toBe(Math.round((255 * 0.85) / 1.5));
  expect(corner).toBe(Math.round((255 * (1.85 - Math.SQRT2)) / 1.5));
  expect([at(3, 4), at(5, 4), at(4, 3)]).toEqual([side, side, side]);
  expect(at(4, 6)).toBe(0);
});

test('a line is as its points: nothing is missing between them, and the order does not matter', () => {
  const [there, back] = [new Ink(12, 12), new Ink(12, 12)];
  there.line([2, 2], [9, 7]);
  back.line([9, 7], [2, 2]);
  expect(there.amount).toEqual(back.amount);
  for (let k = 0; k <= 7; k++)
    expect(there.amount[(2 + k) * 12 + Math.round(2 + (5 * k) / 7)]).toBeGreaterThan(100);
});

test('ink beyond the edge is cut off', () => {
  const ink = new Ink(4, 4);
  ink.line([-30, -30], [-20, 90], 5);
  expect(ink.isClear).toBe(true);
  ink.line([-1, 2], [9, 2], 2);
  expect(ink.amount.length).toBe(16);
  expect(ink.amount[2]).toBe(255);
});

test('strokes are taken back and made again; a new one forgets what was taken back', () => {
  const ink = new Ink(5, 5);
  const states = [[...ink.amount]];
  for (const column of [1, 3]) {
    ink.begin();
    ink.line([1, column], [3, column]);
    states.push([...ink.amount]);
  }
  ink.undo();
  expect([...ink.amount]).toEqual(states[1]);
  ink.undo();
  expect([...ink.amount]).toEqual(states[0]);
  expect([ink.canUndo, ink.canRedo]).toEqual([false, true]);
  ink.undo();
  ink.redo();
  ink.redo();
  expect([...ink.amount]).toEqual(states[2]);
  ink.clear();
  expect(ink.isClear).toBe(true);
  ink.undo();
  expect([...ink.amount]).toEqual(states[2]);
  ink.begin();
  expect(ink.canRedo).toBe(false);
});

test('the eraser takes ink away where it goes, and no more', () => {
  const ink = new Ink(7, 7);
  ink.line([3, 0], [3, 6]);
  ink.line([3, 6], [3, 6], 2, true);
  expect(ink.amount[3 * 7 + 6]).toBe(0);
  expect(ink.amount[3 * 7 + 3]).toBe(255);
});

test('a picture of this size is taken and given back, on black and on white', () => {
  for (const ground of ['black', 'white'] as const) {
    const ink = new Ink(2, 3);
    const values = { shape: [1, 2, 3], data: Float64Array.of(0, 1, 2, 253, 254, 255) };
    expect(ink.take(values, ground)).toBe(true);
    expect(ink.values(ground)).toEqual(values);
    expect(ink.take({ shape: [1, 3, 2], data: values.data })).toBe(false);
    expect(ink.take({ shape: [3, 2, 3], data: new Float64Array(18) })).toBe(false);
  }
});
