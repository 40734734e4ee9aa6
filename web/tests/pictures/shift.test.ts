// @vitest-environment node
import { expect, test } from 'vitest';
import { keptFile, MOST_PICTURES } from '../../src/pictures/keeping';
import { fromValues } from '../../src/pictures/making';
import { edgeColour, shifted, shiftedValues, arrowShift } from '../../src/pictures/shift';

const tensor = (shape: number[], numbers: number[]) => ({ shape, data: Float64Array.from(numbers) });

test('a picture that is shifted again and again is not kept by the browser', async () => {
  const large = tensor(
    [1, 90, 90],
    Array.from({ length: 8100 }, (_, k) => (1e4 * Math.abs(Math.sin(k + 1)) * 256) & 255),
  );
  const picture = await fromValues(large, 'photo.png');
  expect(picture.code).toMatch(/^kept:/);
  for (let by = 1; by <= MOST_PICTURES + 5; by++) await shifted(picture, 0, by);
  expect((await keptFile(picture.code.slice('kept:'.length)))?.name).toBe('photo.png');
});

test('a picture moves, and the ground fills in', () => {
  const values = tensor([1, 3, 3], [0, 0, 0, 0, 9, 0, 0, 0, 0]);
  expect([...shiftedValues(values, 1, -1).data]).toEqual([0, 0, 0, 0, 0, 0, 9, 0, 0]);
  expect([...shiftedValues(values, -2, 0).data]).toEqual(Array(9).fill(0));
});

test('each channel has its own ground, the middle one of its edge', () => {
  const values = tensor([2, 3, 3], [255, 255, 255, 255, 9, 255, 255, 0, 255, 7, 7, 7, 7, 1, 7, 7, 7, 7]);
  expect(edgeColour(values)).toEqual([255, 7]);
  expect([...shiftedValues(values, 0, 5).data]).toEqual([...Array(9).fill(255), ...Array(9).fill(7)]);
});

test('a shift and its way back leave what stayed inside', () => {
  const values = tensor([1, 4, 4], [0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0]);
  expect(shiftedValues(shiftedValues(values, 1, 1), -1, -1)).toEqual(values);
});

test('a shifted picture has a file of its own, and one that stays is the same', async () => {
  const picture = await fromValues(tensor([1, 2, 2], [1, 2, 3, 4]), 'cat.jpeg');
  expect(await shifted(picture, 0, 0)).toBe(picture);
  const moved = await shifted(picture, 1, 0);
  expect([moved.name, moved.code, moved.opened]).toEqual(['cat-shifted.png', '', false]);
  expect(moved.file).not.toEqual(picture.file);
});

test('arrow keys shift by a pixel, other keys do not', () => {
  expect(arrowShift('ArrowUp')).toEqual([-1, 0]);
  expect(arrowShift('ArrowRight')).toEqual([0, 1]);
  expect(arrowShift('a')).toBeNull();
});
