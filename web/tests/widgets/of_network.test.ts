import { beforeEach, expect, test } from 'vitest';
import type { Pass } from '../../src/api';
import { INITIAL, NetworkState } from '../../src/network/state.svelte';
import { digestOf, keptFile } from '../../src/pictures/keeping';
import type { Picture } from '../../src/pictures/picture';
import { followNetwork } from '../../src/widgets/of_network.svelte';
import { FakeModel } from './fake_model';

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const picture = (name: string, file: Uint8Array<ArrayBuffer>): Picture => ({
  name,
  kind: 'picture',
  values: { shape: [1, 1, 1], data: new Float64Array(1) },
  file,
  code: `kept:${name}`,
  opened: false,
});
const WORDS = { model: 'starter', layer: '', cell: '', path: '' };
const shown = (of: Picture) => ({
  model: 'starter',
  picture: of,
  pass: {} as Pass,
  of,
  shift: [0, 0] as const,
});

let model: FakeModel;
let screen: NetworkState;
beforeEach(async () => {
  model = new FakeModel({ _words: { ...WORDS, layer: 'conv1' }, _file: {} });
  screen = new NetworkState();
  followNetwork(model, screen);
  await settled();
});

test('where Python leaves the picture to the page, what the network saw first is told', async () => {
  expect([screen.address.layer, screen.address.picture, model.saved]).toEqual(['conv1', '', []]);
  screen.shown = shown(picture('sample.png', Uint8Array.of(1, 2)));
  await settled();
  expect(model.saved).toEqual([{ _file: { name: 'sample.png', data: Uint8Array.of(1, 2) } }]);
});

const kept = (...bytes: number[]) => `kept:${digestOf(Uint8Array.of(...bytes))}`;

test('a picture of Python is shown, and one before it that comes late is not told', async () => {
  screen.address.shift = '1,0';
  model.change({ _file: { name: 'mine.png', data: new DataView(Uint8Array.of(7, 8).buffer) } });
  await settled();
  expect([screen.address.picture, screen.address.shift]).toEqual([kept(7, 8), INITIAL.shift]);
  expect(await keptFile(kept(7, 8).slice(5))).toEqual({ name: 'mine.png', file: Uint8Array.of(7, 8) });
  screen.shown = shown(picture('before.png', Uint8Array.of(1)));
  await settled();
  screen.shown = shown(picture('mine.png', Uint8Array.of(7, 8)));
  await settled();
  expect(model.saved).toEqual([]);
});

test('what is drawn afterwards is told', async () => {
  model.change({ _file: { name: 'mine.png', data: new DataView(Uint8Array.of(7, 8).buffer) } });
  await settled();
  const drawn = picture('drawing.png', Uint8Array.of(9));
  screen.take(drawn);
  screen.shown = shown(drawn);
  await settled();
  expect(model.saved).toEqual([{ _file: { name: 'drawing.png', data: Uint8Array.of(9) } }]);
});

test('a number that is opened is told, and one of Python is opened', async () => {
  screen.address.cell = 'conv1:0:0:0';
  await settled();
  expect(model.saved).toEqual([{ _words: { ...WORDS, layer: 'conv1', cell: 'conv1:0:0:0' } }]);
  model.change({ _words: { ...WORDS, cell: 'conv2:1:0:0' } });
  await settled();
  expect([screen.address.cell, screen.address.layer, model.saved.length]).toEqual(['conv2:1:0:0', '', 1]);
});

test('with a picture that the screen cannot read, model and layer are those of Python all the same', async () => {
  const words = { ...WORDS, model: 'untrained:lenet-5', layer: 'conv2' };
  const other = new FakeModel({ _words: words, _file: { name: 'a.tiff', data: Uint8Array.of(73, 73, 42) } });
  const page = new NetworkState(); // shows nothing: no pass is ever of this picture
  followNetwork(other, page);
  await settled();
  expect(page.address).toMatchObject({ ...words, picture: kept(73, 73, 42) });
  expect(other.saved).toEqual([]);
  page.address.layer = 'conv1';
  await settled();
  expect(other.saved).toEqual([{ _words: { ...words, layer: 'conv1' } }]);
});

test('a picture that Python gives again after a drawing is shown again', async () => {
  const mine = { name: 'mine.png', data: new DataView(Uint8Array.of(7, 8).buffer) };
  model.change({ _file: mine });
  await settled();
  const drawn = picture('drawing.png', Uint8Array.of(9));
  screen.take(drawn);
  screen.shown = shown(drawn);
  await settled();
  model.change({ _file: mine });
  await settled();
  expect(screen.address.picture).toBe(kept(7, 8));
  expect(model.saved).toHaveLength(1);
});
