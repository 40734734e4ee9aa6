import { render, screen } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';
import Chooser from '../../src/pictures/Chooser.svelte';
import { PictureError } from '../../src/pictures/error';
import { fromNumbers } from '../../src/pictures/making';
import type { Picture } from '../../src/pictures/picture';
import { words } from '../../src/words';

const said = words.pictures;
const numbers = (value: number, code: string) =>
  fromNumbers({ shape: [1, 1], data: Float64Array.of(value) }, 'a.csv', code);
const settled = () => new Promise((done) => setTimeout(done, 5));

/** Samples whose pictures come when the test lets them. */
function samples(...names: string[]) {
  const gates: Record<string, { come: (picture: Picture) => void; fail: (error: Error) => void }> = {};
  const offered = names.map((name) => ({
    name,
    kind: 'numbers' as const,
    picture: () => new Promise<Picture>((come, fail) => (gates[name] = { come, fail })),
  }));
  return { gates, offered };
}

test('what was asked for last is what comes, however long the other took', async () => {
  const { gates, offered } = samples('first', 'second');
  const onpicture = vi.fn();
  render(Chooser, { picture: null, onpicture, samples: offered, way: 'sample' });
  screen.getByRole('button', { name: /first/ }).click();
  screen.getByRole('button', { name: /second/ }).click();
  gates.second!.come(await numbers(2, 'two'));
  await settled();
  gates.first!.come(await numbers(1, 'one'));
  await settled();
  expect(onpicture.mock.calls.map(([picture]) => picture.code)).toEqual(['two']);
});

test('what is wrong is said, and goes when something good comes', async () => {
  const { gates, offered } = samples('bad', 'good');
  render(Chooser, { picture: null, onpicture: () => {}, samples: offered, way: 'sample' });
  screen.getByRole('button', { name: /bad/ }).click();
  gates.bad!.fail(new PictureError('bad is damaged.'));
  await settled();
  expect(screen.getByRole('alert').textContent).toBe('bad is damaged.');
  screen.getByRole('button', { name: /good/ }).click();
  gates.good!.come(await numbers(1, 'one'));
  await settled();
  expect(screen.getByRole('alert').textContent).toBe('');
});

/** Drops files on the chooser, as a browser does. */
function drop(...files: Partial<File>[]) {
  const event = new Event('drop', { bubbles: true });
  Object.assign(event, { dataTransfer: { files, getData: () => '' } });
  screen.getByRole('group', { name: said.chooser }).dispatchEvent(event);
}

test('a folder, and what else the browser cannot read, is said', async () => {
  render(Chooser, { picture: null, onpicture: () => {}, way: 'open' });
  const arrayBuffer = () =>
    Promise.reject(new DOMException('A requested file was not found', 'NotFoundError'));
  drop({ name: 'holiday', size: 4096, arrayBuffer });
  await settled();
  expect(screen.getByRole('alert').textContent).toBe(said.errors.unread('holiday'));
});

test('a file that is too large is not read at all', async () => {
  render(Chooser, { picture: null, onpicture: () => {}, way: 'open' });
  const arrayBuffer = vi.fn();
  drop({ name: 'huge.png', size: 64_000_001, arrayBuffer });
  await settled();
  expect(screen.getByRole('alert').textContent).toContain('huge.png is larger than 64 MB');
  expect(arrayBuffer).not.toHaveBeenCalled();
});

test('no failure is without a word', async () => {
  const { gates, offered } = samples('odd');
  render(Chooser, { picture: null, onpicture: () => {}, samples: offered, way: 'sample' });
  screen.getByRole('button', { name: /odd/ }).click();
  gates.odd!.fail(new TypeError('out of luck'));
  await settled();
  expect(screen.getByRole('alert').textContent).toContain('out of luck');
});

test('what the page says is said too', () => {
  render(Chooser, { picture: null, onpicture: () => {}, way: 'open', error: 'the network takes colours.' });
  expect(screen.getByRole('alert').textContent).toBe('the network takes colours.');
});

test('numbers are typed only where they are allowed', async () => {
  const onpicture = vi.fn();
  const { rerender } = render(Chooser, { picture: null, onpicture, way: 'paste', allowNumbers: false });
  expect(screen.queryByRole('button', { name: said.use })).toBeNull();
  await rerender({ allowNumbers: true });
  const field = screen.getByRole('textbox') as HTMLTextAreaElement;
  field.value = '1 2; 3 x';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await settled();
  screen.getByRole('button', { name: said.use }).click();
  await settled();
  expect(screen.getByRole('alert').textContent).toContain('x');
  field.value = '1 2; 3 4';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true }));
  await settled();
  expect(onpicture.mock.calls[0]![0].code).toBe('1 2; 3 4');
});
