import { expect, test } from 'vitest';
import { INITIAL } from '../../src/convolution/address';
import { ConvolutionState } from '../../src/convolution/state.svelte';

/** A screen of an address, with its picture there. */
async function screenOf(address: Partial<typeof INITIAL> = {}): Promise<ConvolutionState> {
  const screen = new ConvolutionState();
  Object.assign(screen.address, address);
  await screen.bring();
  return screen;
}
const FIVE = '1 2 3 4 5; 6 7 8 9 10; 11 12 13 14 15; 16 17 18 19 20; 21 22 23 24 25';

test('the first step of the first screen', async () => {
  const screen = await screenOf();
  expect(screen.index).toBe(0);
  expect(screen.step?.result).toBe(1 * 1 + 5 * -1);
  expect(screen.wrongs).toEqual([]);
  expect(screen.address).toEqual(INITIAL);
});

test('a step is in the address, and comes back from it', async () => {
  const screen = await screenOf();
  screen.go(3, true);
  expect(screen.address.at).toBe('1,1');
  expect((await screenOf({ at: '1,1' })).index).toBe(3);
  expect((await screenOf({ picture: '1 2 3 4', kernel: '1 1', at: '2' })).index).toBe(2);
});

test('maps have a number before the place: of filters, and of channels by themselves', async () => {
  const picture = '1 2; 3 4 / 5 6; 7 8';
  const filters = await screenOf({ picture, kernel: '1 / 1 // 1 / 0', at: '1,1,0' });
  expect([filters.walked?.maps, filters.index, filters.step?.result]).toEqual([2, 6, 3]);
  const each = await screenOf({ picture, kernel: '2', at: '1,1,0' });
  expect([each.walked?.each, each.index, each.step?.result]).toEqual([true, 6, 14]);
  each.go(0, false);
  expect(each.address.at).toBe('0,0,0');
  const one = await screenOf({ picture, kernel: '1 / 1', at: '1,1' });
  expect(one.step?.result).toBe(4 + 8);
  one.go(2, false);
  expect(one.address.at).toBe('1,0');
});

test('a step that there is not is said, and the first is shown', async () => {
  const screen = await screenOf({ at: '7,7' });
  expect(screen.index).toBe(0);
  expect(screen.wrongOf('at')).toContain('7,7');
  expect((await screenOf({ at: 'here' })).wrongOf('at')).toBeTruthy();
});

test('with other settings a step that there is no more gives way', async () => {
  const screen = await screenOf({ picture: FIVE, kernel: '1 1; 1 1', at: '3,3' });
  screen.change({ stride: '2' });
  expect(screen.address.at).toBe('');
  screen.go(3, true);
  screen.change({ bias: '1' });
  expect(screen.address.at).toBe('1,1');
});

test('what is wrong stands beside its control, and the last good picture stays', async () => {
  const screen = await screenOf({ picture: FIVE });
  for (const [values, about] of [
    [{ stride: '0' }, 'stride'],
    [{ dilation: 'x' }, 'dilation'],
    [{ padding: 'some' }, 'padding'],
    [{ padding: '9', border: 'reflect' }, 'border'],
    [{ kernel: 'sobl' }, 'kernel'],
    [{ kernel: '1 2; 3' }, 'kernel'],
    [{ bias: '1 2' }, 'bias'],
    [{ kernel: '', pool: 'mux:2' }, 'pool'],
  ] as const) {
    const before = { ...screen.address };
    const good = screen.walked;
    screen.change(values);
    expect(screen.wrongOf(about), JSON.stringify(values)).toBeTruthy();
    expect(screen.wrongs).toHaveLength(1);
    expect(screen.stale).toBe(true);
    expect(screen.walked).toBe(good);
    screen.change(before);
    expect(screen.stale).toBe(false);
  }
});

test('a picture that there is not is said; the one before stays', async () => {
  const screen = await screenOf();
  screen.change({ picture: 'sample:nothing' });
  await screen.bring();
  expect(screen.wrongOf('picture')).toContain('nothing');
  expect(screen.walked?.count).toBe(4);
  screen.change({ picture: '1 2; 3 4' });
  await screen.bring();
  expect(screen.wrongs).toEqual([]);
  expect(screen.walked?.count).toBe(1);
});

test('back at the picture that is there, nothing is wrong any more', async () => {
  const screen = await screenOf();
  screen.change({ picture: 'sample:nothing' });
  await screen.bring();
  expect(screen.stale).toBe(true);
  screen.change({ picture: INITIAL.picture });
  await screen.bring();
  expect(screen.wrongs).toEqual([]);
  expect(screen.stale).toBe(false);
});

test('pools by themselves; a stride of 1 is not said, and is the size of the window then', async () => {
  const picture = '1 2 3 4; 5 6 7 8; 9 10 11 12; 13 14 15 16';
  const four = await screenOf({ picture, kernel: '', pool: 'max:2', at: '1,1' });
  expect([four.pools, four.walked?.count, four.step?.result]).toEqual([true, 4, 16]);
  expect((await screenOf({ picture, kernel: '', pool: 'max:2:1' })).walked?.count).toBe(9);
  expect((await screenOf({ picture, kernel: '', pool: 'average:2', stride: '2,1' })).walked?.count).toBe(6);
  expect((await screenOf({ picture, kernel: '', pool: 'global-average' })).step?.result).toBe(8.5);
});

test('what is pointed at is shown without going there', async () => {
  const screen = await screenOf();
  screen.pointed = 3;
  expect([screen.shown, screen.index, screen.address.at]).toEqual([3, 0, '']);
  screen.pointed = 99;
  expect(screen.shown).toBe(0);
});
