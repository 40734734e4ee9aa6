import { expect, test } from 'vitest';
import { INITIAL } from '../../src/convolution/address';
import { ConvolutionState } from '../../src/convolution/state.svelte';
import { pictureOf } from '../../src/pictures/code';
import type { Picture } from '../../src/pictures/picture';

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

test('a signal instead of a picture, and back: the kernel fits, and the screen says what it did', async () => {
  const screen = await screenOf({ kernel: 'sobel-x', stride: '1,2', padding: '0,1' });
  screen.take(await pictureOf('1 2 3 4 5'));
  expect(screen.wrongs).toEqual([]);
  expect([screen.address.kernel, screen.address.stride, screen.address.padding]).toEqual([
    '-2 0 2',
    '2',
    '1',
  ]);
  expect(screen.notice).toBe('A signal takes a kernel of one row: -2 0 2 is taken instead of sobel-x.');
  screen.take(await pictureOf('1 2 3; 4 5 6; 7 8 9'));
  expect(screen.wrongs).toEqual([]);
  expect(screen.address.kernel).toBe('sobel-x');
  expect(screen.notice).toContain('sobel-x');
  screen.change({ bias: '1' });
  expect(screen.notice).toBe('');
});

test.each([
  ['sobel-y', '1 2 3 4', '1 0 -1'], // whose middle row is zeros
  ['1 0; 0 -1', 'sample:sine', '0 -1'],
  ['box:9', '1 2 3', '1 0 -1'], // whose middle row does not fit
  ['sobel-x', '1', '1'],
  ['1 2; 3 4 / 5 6; 7 8', '1 2 3 / 4 5 6', '3 4 / 7 8'],
  ['1 0 -1', '1 2 3 4', '1 0 -1'],
])('of the kernel %s the signal %s gets %s', async (kernel, signal, fitting) => {
  const screen = await screenOf({ kernel, picture: '1 2 3; 4 5 6; 7 8 9' });
  screen.take(await pictureOf(signal));
  expect(screen.address.kernel).toBe(fitting);
  expect(screen.wrongs).toEqual([]);
});

const COLOURS: Picture = {
  name: 'photo.png',
  kind: 'picture',
  values: { shape: [3, 2, 2], data: Float64Array.from([255, 10, 0, 0, 0, 20, 255, 0, 0, 30, 0, 1]) },
  file: null,
  opened: false,
  code: 'png:x',
};

test('grey is Pillow’s, and a part is row, column, height and width', async () => {
  const screen = await screenOf({ kernel: '1' });
  screen.take(COLOURS);
  expect(screen.walked?.maps).toBe(3);
  screen.change({ grey: 'yes' });
  // Image.fromarray(colours).convert("L")
  expect([...screen.walked!.walk.output.data]).toEqual([76, 18, 150, 0]);
  screen.change({ crop: '0,1,2,1' });
  expect([...screen.walked!.walk.output.data]).toEqual([18, 0]);
  expect(screen.right).toBe(true);
  for (const crop of ['1,1,2,1', 'x', '0,0,0,1', '0,0,1', '1,1,1,1,1']) {
    screen.change({ crop });
    expect(screen.wrongOf('crop'), crop).toBeTruthy();
    expect(screen.right).toBe(false);
  }
  screen.take({ ...COLOURS, code: 'png:y' });
  expect(screen.address.crop).toBe('1,1,1,1,1'); // of one that is as large
  screen.take(await pictureOf('1 2 3; 4 5 6'));
  expect([screen.address.crop, screen.address.grey]).toEqual(['', 'yes']);
});

test('a kernel that can be read and does not fit is that of the address', async () => {
  const screen = await screenOf({ kernel: '1 2; 3 4' });
  expect(screen.wrongs).toEqual([]);
  screen.change({ kernel: '1 2 3 4; 1 2 3 4; 1 2 3 4; 1 2 3 4' });
  expect(screen.wrongOf('kernel')).toBeTruthy();
  expect(screen.kernel?.shape).toEqual([1, 1, 4, 4]);
  screen.change({ kernel: '1 x' });
  expect(screen.kernel?.shape).toEqual([1, 1, 2, 2]);
});

test('with a stage that does not fit there is nothing to copy', async () => {
  const screen = await screenOf({ then: 'linear:1 2' });
  expect([screen.stale, screen.right]).toEqual([false, false]);
});
