import { beforeEach, expect, test, vi } from 'vitest';
import { INITIAL } from '../../src/convolution/address';
import { ConvolutionState } from '../../src/convolution/state.svelte';
import { followConvolution } from '../../src/widgets/of_convolution.svelte';
import { sentOf, type Sent } from '../../src/widgets/numbers';
import { FakeModel } from './fake_model';

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const { picture: _, grey: __, crop: ___, ...WORDS } = INITIAL; // which are Python's
const numbers = (shape: number[], data: number[]): Sent =>
  sentOf({
    name: 'n',
    kind: 'numbers',
    values: { shape, data: Float64Array.from(data) },
    file: null,
    code: '',
    opened: false,
  });
const FOUR = numbers([1, 2, 2], [1, 2, 3, 4.5]);

let model: FakeModel;
let screen: ConvolutionState;
beforeEach(async () => {
  model = new FakeModel({ _words: { ...WORDS, kernel: '1 1', at: '1,0' }, _picture: FOUR });
  screen = new ConvolutionState();
  followConvolution(model, screen);
  await settled();
});

test('the screen begins as the widget is in Python, and tells nothing', () => {
  expect(screen.address).toMatchObject({ picture: '1 2; 3 4.5', kernel: '1 1', at: '1,0' });
  expect(screen.step?.result).toBe(7.5);
  expect(screen.wrongs).toEqual([]);
  expect(model.saved).toEqual([]);
});

test('a step of the page is told, with all words of one moment', async () => {
  screen.go(0, true);
  await settled();
  expect(model.saved).toEqual([{ _words: { ...WORDS, kernel: '1 1', at: '0,0' } }]);
});

test('picture and kernel of Python come together', async () => {
  const wrongs = vi.fn();
  model.change({ _picture: numbers([1, 1, 3], [1, 2, 3]) });
  model.change({ _words: { ...WORDS, kernel: '1 0 1', at: '0,0' } });
  await settled();
  if (screen.wrongs.length) wrongs();
  expect(wrongs).not.toHaveBeenCalled();
  expect([screen.step?.result, model.saved]).toEqual([4, []]);
});

test('a signal of several channels', async () => {
  model.change({ _picture: numbers([2, 3], [1, 2, 3, 4, 5, 6]), _words: { ...WORDS, kernel: '1 / 1' } });
  await settled();
  expect([...(screen.walked?.map(0) ?? [])]).toEqual([5, 7, 9]);
  expect(model.saved).toEqual([]);
});

test('a picture that was chosen in the page is told as numbers', async () => {
  screen.address.picture = '5 6 / 7 8';
  await settled();
  await settled();
  const told = model.saved.at(-1)?._picture as Sent;
  expect([told.kind, told.shape]).toEqual(['numbers', [2, 2]]);
  expect([...new Float64Array((told.data as Uint8Array<ArrayBuffer>).buffer)]).toEqual([5, 6, 7, 8]);
  const count = model.saved.length;
  await settled();
  expect(model.saved).toHaveLength(count);
});

test('numbers that are none stay in the page', async () => {
  screen.address.picture = '5 6 / x';
  await settled();
  expect(model.saved).toEqual([]);
});
