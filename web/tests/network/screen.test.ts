import { fireEvent, render, screen as page, waitFor, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiError, type Pass, type Source, type Why } from '../../src/api';
import { MEASURE } from '../../src/network/loading.svelte';
import Network from '../../src/network/Network.svelte';
import { bounded, readShift } from '../../src/network/shift';
import { NetworkState } from '../../src/network/state.svelte';
import type { Picture } from '../../src/pictures/picture';
import { words } from '../../src/words';
import { passOf, pictureOf, sourceOf, tiny, whys } from './source';

beforeAll(() => {
  HTMLCanvasElement.prototype.getContext = (() => null) as never; // jsdom draws nothing, and complains of it
});
afterEach(() => {
  document.body.innerHTML = '';
  performance.clearMeasures();
});

/** The screen with a picture on it, as if a person had drawn it. */
async function shown(over: Partial<Source> = {}, address = {}) {
  const source = Object.assign(sourceOf(), over) as ReturnType<typeof sourceOf>;
  const state = new NetworkState();
  Object.assign(state.address, { model: 'tiny', picture: 'png:7', ...address });
  state.picture = pictureOf(7);
  const { container } = render(Network, { screen: state, source });
  await waitFor(() => expect(state.shown).not.toBeNull());
  await tick();
  return { state, source, container };
}

describe('the state', () => {
  it('follows from the address', async () => {
    const state = new NetworkState();
    state.network = tiny();
    expect(state.layer?.name).toBe('conv1'); // the first with maps
    state.ask('relu1:1:1:1');
    expect(state.address).toMatchObject({ cell: 'relu1:1:1:1', path: '', layer: 'relu1' });
    state.descend('input:0:2:2');
    expect(state.address).toMatchObject({ cell: 'input:0:2:2', path: 'relu1:1:1:1', layer: 'input' });
    state.back(0);
    expect(state.address).toMatchObject({ cell: 'relu1:1:1:1', path: '' });
    state.move(2, -1);
    state.move(1, 0);
    expect(state.shift).toEqual([3, -1]);
    state.close();
    expect(state.address).toMatchObject({ cell: '', path: '' });
  });

  it('keeps a drawing when another network is chosen, and no sample of the old one', () => {
    const state = new NetworkState();
    Object.assign(state.address, { picture: 'png:1', layer: 'conv1', cell: 'conv1:0:0:0', shift: '1,0' });
    state.choose('other');
    expect(state.address).toEqual({
      model: 'other',
      picture: 'png:1',
      layer: '',
      cell: '',
      path: '',
      shift: '1,0',
    });
    state.address.picture = 'sample:digit-0.png';
    state.choose('tiny');
    expect(state.address.picture).toBe('');
  });

  it('reads a shift, as far as something of the picture stays in sight', () => {
    expect(['2,-3', '', 'abc', '1.5,0', '1', '1,2,3'].map(readShift)).toEqual([
      [2, -3],
      ...Array(5).fill(null),
    ]);
    expect(bounded([999, -999], pictureOf(1))).toEqual([3, -3]);
    expect(bounded([999, -999], { ...pictureOf(1), kind: 'numbers' })).toEqual([0, 0]); // a signal
    const state = new NetworkState();
    state.picture = pictureOf(1);
    state.move(2, 0);
    state.move(2, 0);
    expect(state.address.shift).toBe('3,0');
    expect(state.wrongShift).toBeNull();
    state.address.shift = 'abc';
    expect([state.shift, state.wrongShift]).toEqual([[0, 0], expect.stringContaining('“abc”')]);
    state.address.shift = '999,999';
    expect([state.shift, state.wrongShift]).toEqual([[3, 3], expect.stringContaining('999 down, 999 right')]);
  });

  it('leaves out a path that does not lead to the open number', () => {
    const state = new NetworkState();
    state.network = tiny();
    const path = (path: string, cell = 'input:0:2:2') => {
      Object.assign(state.address, { path, cell });
      return [state.path.length, state.wrongPath !== null];
    };
    expect(path('')).toEqual([0, false]);
    expect(path('probability:1 relu1:1:1:1')).toEqual([2, false]);
    expect(path('relu1:1:1:1', 'linear1:0')).toEqual([0, true]);
    expect(path('relu1:1:1:1 nowhere:0')).toEqual([0, true]);
    expect(path('relu1:1:1:9')).toEqual([0, true]);
    expect(path('', 'relu1:9:9:9')).toEqual([0, false]); // which the server says
  });
});

describe('the screen', () => {
  it('shows the prediction, every layer, and the maps of the open one', async () => {
    await shown();
    expect(page.getByTestId('prediction').textContent).toContain('dog');
    const graph = page.getByRole('group', { name: /Layers of tiny/ });
    expect(within(graph).getAllByRole('button')).toHaveLength(9);
    expect(within(graph).getByRole('button', { pressed: true }).textContent).toContain('conv1');
    expect(page.getAllByRole('application', { name: /conv1, channel/ })).toHaveLength(2);
    await fireEvent.click(within(graph).getByText('linear1'));
    const bars = page.getByRole('list', { name: 'Numbers of linear1' });
    expect(
      within(bars)
        .getAllByRole('button')
        .map((bar) => bar.textContent),
    ).toEqual([
      expect.stringMatching(/cat\s*7$/),
      expect.stringMatching(/dog\s*8$/),
      expect.stringMatching(/owl\s*9$/),
    ]);
  });

  it('walks through the layers with the arrow keys', async () => {
    await shown();
    const buttons = within(page.getByRole('group', { name: /Layers of tiny/ })).getAllByRole('button');
    expect(buttons.filter((button) => button.tabIndex === 0)).toHaveLength(1);
    buttons[1]?.focus();
    await fireEvent.keyDown(buttons[1]!, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(buttons[2]);
    await fireEvent.keyDown(buttons[2]!, { key: 'End' });
    expect(document.activeElement).toBe(buttons[8]);
  });

  it('asks for every picture, one at a time, and measures what was drawn', async () => {
    const { state, source } = await shown();
    const answers: ((pass: Pass) => void)[] = [];
    source.pass.mockImplementation(() => new Promise((answer) => answers.push(answer)));
    const before = source.pass.mock.calls.length;
    await new Promise(requestAnimationFrame);
    performance.clearMeasures();
    for (const brightness of [10, 20, 30]) {
      state.take(pictureOf(brightness));
      await tick();
    }
    await waitFor(() => expect(answers).toHaveLength(1));
    answers[0]?.(passOf(tiny(), pictureOf(10)));
    await waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.(passOf(tiny(), pictureOf(30)));
    await waitFor(() => expect(state.shown?.picture.code).toBe('png:30'));
    expect(source.pass.mock.calls.slice(before).map(([, picture]) => picture.code)).toEqual([
      'png:10',
      'png:30',
    ]);
    await waitFor(() => expect(performance.getEntriesByName(MEASURE)).toHaveLength(2));
  });

  it('opens a number, the ones below it, and goes back', async () => {
    const { state } = await shown({}, { cell: 'relu1:1:1:1' });
    await waitFor(() => expect(page.getByRole('heading', { name: /relu1:1:1:1 = 0.946266/ })).toBeTruthy());
    const grid = page.getByRole('grid', { name: /numbers of input:0/ });
    await fireEvent.click(within(grid).getByTitle('Open input:0:1:2'));
    expect(state.address).toMatchObject({ cell: 'input:0:1:2', path: 'relu1:1:1:1' });
    await waitFor(() => expect(page.getByRole('heading', { name: /input:0:1:2 = 0.352941/ })).toBeTruthy());
    await fireEvent.click(
      within(page.getByRole('navigation', { name: /The way/ })).getByRole('button', { name: 'relu1:1:1:1' }),
    );
    expect(state.address).toMatchObject({ cell: 'relu1:1:1:1', path: '' });
  });

  it('follows the largest down to the input', async () => {
    const { state } = await shown({}, { cell: 'add:1:1:1' });
    await waitFor(() => expect(state.why).not.toBeNull());
    await fireEvent.click(page.getByRole('button', { name: 'Follow the largest down to the input' }));
    await waitFor(() => expect(state.address.cell).toBe(whys['relu1:1:1:1']?.next));
    expect(state.path).toEqual(['add:1:1:1', 'relu1:1:1:1']);
  });

  it('says beside a control what is wrong with it, and keeps what there was', async () => {
    const { state } = await shown();
    await fireEvent.change(page.getByLabelText('Network'), { target: { value: 'other' } });
    await waitFor(() => expect(state.network?.model).toBe('other'));
    state.choose('gone');
    const said = await page.findByText(/gone is not there; choose another. Still shown: other/);
    expect(said.parentElement?.getAttribute('role')).toBe('alert');
    expect(page.getByTestId('prediction').textContent).toContain('dog');
    state.ask('nothing:0');
    expect(await page.findByText('nothing:0 does not exist.')).toBeTruthy();
  });

  it('keeps the last maps when a pass fails, and says why', async () => {
    const { state, source } = await shown();
    source.pass.mockRejectedValueOnce(new ApiError('It is no picture.', 'picture'));
    state.take(pictureOf(9));
    expect(await page.findByText('It is no picture.')).toBeTruthy();
    expect(state.shown?.picture.code).toBe('png:7');
    state.take(pictureOf(11));
    await waitFor(() => expect(state.shown?.picture.code).toBe('png:11'));
    expect(page.queryByText('It is no picture.')).toBeNull();
  });

  it('tries again when it is asked to', async () => {
    const { state, source } = await shown();
    source.pass.mockRejectedValueOnce(new ApiError('The studio does not answer.', 'server'));
    state.take(pictureOf(9));
    await page.findByText('The studio does not answer.');
    await fireEvent.click(page.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(state.shown?.picture.code).toBe('png:9'));
    expect(page.queryByText('The studio does not answer.')).toBeNull();
  });

  it.each(['constructor', '__proto__', 'toString'])('shows a large layer that is called %s', async (name) => {
    const network = tiny('large', { numbers: 2_000_000 });
    Object.assign(network.layers[1]!, { name, shape: [64, 32, 32] });
    const pass = vi.fn(async (_: string, picture: Picture, layers?: readonly string[]) =>
      passOf(network, picture, layers),
    );
    const { state } = await shown({ network: vi.fn(async () => network), pass }, { layer: 'pool1' });
    expect(pass.mock.calls.at(-1)?.[2]).not.toContain(name);
    state.open(name);
    await waitFor(() => expect(page.getAllByRole('application', { name: RegExp(name) })).toHaveLength(64));
    expect(pass.mock.calls.at(-1)?.[2]).toContain(name);
  });

  it('shows what is wanted last, also where that is what there is', async () => {
    const { state, source } = await shown();
    let answer = (_: Pass) => {};
    source.pass.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    const here = state.picture!;
    state.take(pictureOf(9));
    await waitFor(() => expect(source.pass.mock.lastCall?.[1].code).toBe('png:9'));
    state.take(here); // before the other one was answered
    await tick();
    expect(source.pass.mock.lastCall?.[3]?.aborted).toBe(true);
    answer(passOf(tiny(), pictureOf(9)));
    await new Promise((resolve) => setTimeout(resolve));
    expect(state.shown?.picture.code).toBe('png:7');
    state.move(1, 0);
    await waitFor(() => expect(source.pass.mock.calls.length).toBe(3));
    state.move(-1, 0);
    await tick();
    answer(passOf(tiny(), pictureOf(9)));
    await new Promise((resolve) => setTimeout(resolve));
    expect(state.shown?.picture).toBe(here);
    expect(state.waiting.pass).toBe(false);
  });

  it('says nothing against a picture that is wanted no more', async () => {
    const { state } = await shown();
    state.address.picture = 'kept:gone';
    await tick();
    state.address.picture = 'png:7';
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([state.picture?.code, state.problems.picture]).toEqual(['png:7', undefined]);
    state.address.picture = 'kept:gone';
    await page.findByText(/does not keep the picture/);
    state.address.picture = 'png:7';
    await waitFor(() => expect(state.problems.picture).toBeUndefined());
  });

  it('shows the arithmetic that is wanted last', async () => {
    const { state, source } = await shown({}, { cell: 'relu1:1:1:1' });
    await waitFor(() => expect(state.why?.cell).toBe('relu1:1:1:1'));
    let answer = (_: Why) => {};
    source.why.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    state.ask('input:0:1:2');
    await tick();
    expect(source.why.mock.lastCall?.[2]).toBe('input:0:1:2');
    state.ask('relu1:1:1:1');
    await tick();
    answer(whys['input:0:1:2']!);
    await new Promise((resolve) => setTimeout(resolve));
    expect(state.why?.cell).toBe('relu1:1:1:1');
  });

  it('keeps its word that the models cannot be listed, until they are', async () => {
    const models = vi.fn(sourceOf().models);
    models.mockRejectedValueOnce(new ApiError('The studio does not answer.', 'server'));
    const { state } = await shown({ models });
    expect(page.getByText('The studio does not answer.')).toBeTruthy();
    state.take(pictureOf(9));
    await waitFor(() => expect(state.shown?.picture.code).toBe('png:9'));
    await fireEvent.click(page.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(page.getByRole('option', { name: 'other' })).toBeTruthy());
    expect(page.queryByText('The studio does not answer.')).toBeNull();
  });

  it('has nothing against a model once the one that is shown is chosen again', async () => {
    const { state } = await shown();
    state.choose('gone');
    await page.findByText(/gone is not there/);
    state.choose('tiny');
    await waitFor(() => expect(page.queryByText(/gone is not there/)).toBeNull());
  });

  it('has nothing to say any more once a bad picture and a bad model gave way to a good address', async () => {
    const { state } = await shown();
    state.address.picture = 'png:AAAA';
    await page.findByText(words.pictures.errors.unreadable);
    expect(page.getByText(words.network.stillBefore)).toBeTruthy();
    Object.assign(state.address, { model: 'gone', cell: 'nowhere:1' });
    await page.findByText(/gone is not there/);
    Object.assign(state.address, { model: 'tiny', picture: 'png:7', cell: '' });
    const said = () => page.queryAllByRole('alert').map(({ textContent }) => textContent?.trim());
    await waitFor(() => expect(said().filter(Boolean)).toEqual([]));
  });

  it('says of which picture the numbers are while those of another cannot be had', async () => {
    const { state, source } = await shown();
    state.move(1, 0);
    await waitFor(() => expect(state.shown?.shift).toEqual([1, 0]));
    source.pass.mockRejectedValue(new ApiError('tiny is not there; choose another.', 'model'));
    state.move(1, 0);
    await page.findByText(words.network.stillShifted('1 down'));
    expect(page.getByText(/tiny is not there.* Still shown: tiny/)).toBeTruthy();
    state.take(pictureOf(9));
    await page.findByText(words.network.stillBefore);
  });

  it('loads a network again whose file has changed, before it shows numbers of it', async () => {
    const { state, source } = await shown();
    const other = tiny('tiny', { state: 'b', net: 'retrained' });
    source.network.mockResolvedValue(other);
    source.pass.mockImplementation(async (_, picture, layers) => passOf(other, picture, layers));
    state.take(pictureOf(9));
    await page.findByText(words.network.changed);
    expect(page.getByRole('heading', { name: 'retrained' })).toBeTruthy();
    await waitFor(() => expect([state.shown?.pass.state, state.shown?.picture.code]).toEqual(['b', 'png:9']));
    state.choose('other');
    await waitFor(() => expect(page.queryByText(words.network.changed)).toBeNull());
  });

  it('does so where the arithmetic is of the changed network', async () => {
    const { state, source } = await shown();
    const other = tiny('tiny', { state: 'b' });
    source.network.mockResolvedValue(other);
    source.pass.mockImplementation(async (_, picture, layers) => passOf(other, picture, layers));
    source.why.mockImplementation(async (_, __, cell) => ({ ...whys[cell]!, state: 'b' }));
    state.ask('relu1:1:1:1');
    await page.findByText(words.network.changed);
    await page.findByRole('heading', { name: /relu1:1:1:1 =/ });
    expect([state.shown?.pass.state, state.why?.state]).toEqual(['b', 'b']);
    expect(source.network).toHaveBeenCalledTimes(2);
  });

  it('never shifts a signal', async () => {
    const network = tiny('tiny', { input: { kind: 'signal', shape: [1, 16], invert: false, pixels: null } });
    const signal = { ...pictureOf(7, 'sample:sine.npy'), kind: 'numbers' as const };
    const source = Object.assign(sourceOf(), { network: vi.fn(async () => network) });
    const state = new NetworkState();
    Object.assign(state.address, { model: 'tiny', picture: signal.code, shift: '1,0' });
    state.picture = signal;
    source.samples.mockResolvedValue([{ name: 'sine.npy', file: signal.file }] as never);
    render(Network, { screen: state, source });
    await waitFor(() => expect(state.shown).not.toBeNull());
    expect(state.shown?.picture.file).toEqual(signal.file);
    expect([state.address.shift, state.wrongShift]).toEqual(['0,0', null]);
  });

  it('fetches the numbers of a large layer only when it is opened', async () => {
    const network = tiny('large', { numbers: 2_000_000 });
    network.layers[1]!.shape = [64, 32, 32];
    network.layers[3]!.shape = [64, 32, 32];
    const pass = vi.fn(async (_: string, picture: Picture, layers?: readonly string[]) =>
      passOf(network, picture, layers),
    );
    const { state } = await shown({ network: vi.fn(async () => network), pass });
    const asked = () => pass.mock.calls.at(-1)?.[2];
    expect(asked()).toContain('conv1'); // which is open
    expect(asked()).not.toContain('relu1');
    state.open('relu1');
    await waitFor(() => expect(asked()).toContain('relu1'));
    const calls = pass.mock.calls.length;
    state.open('pool1'); // small, and there already
    await tick();
    expect(pass.mock.calls).toHaveLength(calls);
  });

  it('warns of a picture that is unlike those of the training', async () => {
    const seen = {
      ...passOf(tiny(), pictureOf(7)).seen,
      warnings: [{ code: 'inverted', message: 'its ground is light.' }],
    };
    await shown({ pass: vi.fn(async () => ({ ...passOf(tiny(), pictureOf(7)), seen })) });
    expect(page.getByText('its ground is light.')).toBeTruthy();
    expect(page.getByRole('button', { name: 'Turn light and dark round' })).toBeTruthy();
  });

  it('has in a notebook neither a choice of models nor copied texts', async () => {
    const state = new NetworkState();
    Object.assign(state.address, { model: 'tiny', picture: 'png:7' });
    state.picture = pictureOf(7);
    const source = sourceOf();
    render(Network, { screen: state, source, compact: true });
    await waitFor(() => expect(state.shown).not.toBeNull());
    expect(page.queryByLabelText('Network')).toBeNull();
    expect(page.queryByText('Copy as command')).toBeNull();
    expect([source.models, source.drawing].flatMap((asked) => asked.mock.calls)).toEqual([]);
    expect(page.getByTestId('prediction')).toBeTruthy();
  });
});
