import { expect, test } from 'vitest';
import { INITIAL } from '../../src/convolution/address';
import { ConvolutionState } from '../../src/convolution/state.svelte';
import { middle, type Walked } from '../../src/convolution/walked';

async function walkedOf(address: Partial<typeof INITIAL>): Promise<Walked> {
  const screen = new ConvolutionState();
  Object.assign(screen.address, address);
  await screen.bring();
  return screen.walked!;
}
const EIGHT = Array.from({ length: 7 }, () => '1 2 3 4 5 6 7 8').join('; ');

test('the padding is around the input, with its values', async () => {
  const walked = await walkedOf({ padding: '1', border: 'reflect' });
  expect([walked.paddedRows, walked.paddedColumns]).toEqual([5, 5]);
  // prettier-ignore
  expect(Array.from(walked.plane(0))).toEqual([
    5, 4, 5, 6, 5,
    2, 1, 2, 3, 2,
    5, 4, 5, 6, 5,
    8, 7, 8, 9, 8,
    5, 4, 5, 6, 5,
  ]);
});

test('a place, its index and its position belong together', async () => {
  const walked = await walkedOf({ picture: `${EIGHT} / ${EIGHT}`, kernel: '1 1; 1 1', stride: '2,3' });
  for (let index = 0; index < walked.count; index++) {
    const { map, place } = walked.placeOf(index);
    expect(walked.indexOf(map, place)).toBe(index);
    expect(walked.step(index).position).toEqual(walked.positionOf(index));
  }
});

test.each([
  { stride: '1', dilation: '1', padding: 'valid' },
  { stride: '2', dilation: '1', padding: '1' },
  { stride: '3', dilation: '2', padding: 'valid' },
  { stride: '1,2', dilation: '2,1', padding: 'full' },
])('the windows that hold a number are those that say so: $stride $dilation $padding', async (settings) => {
  const walked = await walkedOf({ picture: EIGHT, kernel: '1 1 1; 1 1 1', ...settings });
  for (let row = -2; row < 9; row++)
    for (let column = -2; column < 10; column++) {
      const wanted = [];
      for (let index = 0; index < walked.count; index++) {
        const { coordinates } = walked.step(index);
        if (coordinates[0]!.includes(row) && coordinates[1]!.includes(column)) wanted.push(index);
      }
      const [rows, columns] = walked.holders([row, column]);
      const found = rows.flatMap((r) => columns.map((c) => walked.indexOf(0, [r, c])));
      expect(found).toEqual(wanted);
      for (const index of found) expect(walked.holds(walked.placeOf(index).place, [row, column])).toBe(true);
    }
});

test('the middle one of the windows that hold a number', () => {
  expect(middle([4, 5, 6])).toBe(5);
  expect(middle([])).toBeUndefined();
});
