import { fireEvent, render, screen as page, within } from '@testing-library/svelte';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Why as Document } from '../../src/api';
import { flattened } from '../../src/network/nested';
import Why from '../../src/network/Why.svelte';
import { ranked, shownPlanes, windowPlanes } from '../../src/network/window';
import { whys } from './source';

beforeAll(() => {
  HTMLCanvasElement.prototype.getContext = (() => null) as never;
});
afterEach(() => {
  document.body.innerHTML = '';
});

function shown(cell: string, over: Partial<Document> = {}) {
  const why = { ...(whys[cell] as Document), ...over };
  const onopen = vi.fn();
  render(Why, {
    why,
    path: [],
    outputs: {},
    scaleIn: () => undefined,
    classOf: (name: string) =>
      name.startsWith('linear1:') ? ['cat', 'dog', 'owl'][Number(name.at(-1))]! : null,
    onopen,
    onback: vi.fn(),
    ondown: vi.fn(),
    onclose: vi.fn(),
  });
  return { why, onopen };
}
const minus = (number: number) => String(Number(number.toPrecision(4))).replace('-', '−');
const texts = (rows: HTMLElement[]) =>
  rows.map((row) =>
    Array.from(row.children, (cell) => cell.textContent?.replace(/\s+/g, ' ').trim())
      .filter(Boolean)
      .join(' '),
  );

describe('a document of look.why', () => {
  it('is a window of numbers, weights and products whose sum is shown', () => {
    const { why } = shown('relu1:1:1:1');
    const numbers = page.getByRole('grid', { name: 'numbers of input:0' });
    const weights = page.getByRole('table', { name: 'weights with norm1' });
    const products = page.getByRole('table', { name: /^products, sum / });
    const read = (table: HTMLElement, role: string) =>
      within(table)
        .getAllByRole(role)
        .map((cell) => Number(cell.textContent?.replace('−', '-')));
    const [x, w, y] = [read(numbers, 'gridcell'), read(weights, 'cell'), read(products, 'cell')];
    expect(x).toHaveLength(9);
    x.forEach((value, at) => expect(value * (w[at] as number)).toBeCloseTo(y[at] as number, 1));
    const sum = flattened<number>(why.windows[0]?.contributions).flat.reduce((all, one) => all + one, 0);
    expect(sum).toBeCloseTo(why.steps[0]?.result as number, 6);
    expect(page.getByText(`products, sum ${minus(sum)}`)).toBeTruthy();
  });

  it('has a row per step, the network’s own number, and whether they agree', () => {
    shown('relu1:1:1:1');
    const rows = texts(within(page.getByRole('table', { name: 'Step by step' })).getAllByRole('row'));
    expect(rows.slice(1).map((row) => row.split(' ')[0])).toEqual(['sum', '+', 'relu', 'the']);
    expect(rows.at(-1)).toContain('0.946266');
    expect(page.getByText(/^agrees/)).toBeTruthy();
  });

  it('says it where the two do not agree', () => {
    shown('relu1:1:1:1', { agrees: false, difference: 0.5 });
    expect(page.getByText(/does not agree: the difference is 0.5/).className).toContain('wrong');
  });

  it('has the numbers of a folded batch norm', () => {
    const { why } = shown('relu1:1:1:1');
    const [fold] = why.folded;
    expect(page.getByText('Batch norm norm1, folded into conv1')).toBeTruthy();
    const bias = (Number(fold?.bias) - Number(fold?.mean)) * Number(fold?.scale) + Number(fold?.shift);
    expect(bias).toBeCloseTo(why.steps[1]?.number as number, 6);
    const section = page.getByText('Batch norm norm1, folded into conv1').closest('section');
    expect(section?.textContent).toContain(` = ${minus(bias)}`);
  });

  it('marks the winner of a pool, and opens the number that is clicked', async () => {
    const { why, onopen } = shown('pool1:1:0:0');
    const grid = page.getByRole('grid', { name: 'numbers of add:1' });
    const cells = within(grid).getAllByRole('gridcell');
    expect(cells.map((cell) => cell.className.includes('best'))).toEqual([false, false, true, false]);
    await fireEvent.click(within(grid).getByTitle(`Open ${why.next}`));
    expect(onopen).toHaveBeenCalledWith('add:1:1:0');
  });

  it('moves through a window with the arrow keys, as one stop of the Tab key', async () => {
    shown('pool1:1:0:0');
    const buttons = within(page.getByRole('grid', { name: 'numbers of add:1' })).getAllByRole('button');
    expect(buttons.map((button) => button.tabIndex)).toEqual([0, -1, -1, -1]);
    buttons[0]?.focus();
    await fireEvent.keyDown(buttons[0]!, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(buttons[2]);
  });

  it('is reached by the Tab key also at a corner, whose first numbers are padding', async () => {
    const why = whys['relu1:1:1:1'] as Document;
    const window = {
      ...(why.windows[0] as Document['windows'][number]),
      inside: [
        [
          [false, false, false],
          [false, true, true],
          [false, true, true],
        ],
      ],
    };
    shown('relu1:1:1:1', { windows: [window] });
    const buttons = within(page.getByRole('grid', { name: 'numbers of input:0' })).getAllByRole('button');
    expect(buttons.map((button) => button.tabIndex)).toEqual([0, -1, -1, -1]);
    buttons[0]?.focus();
    for (const [key, place] of [
      ['ArrowUp', 0],
      ['ArrowLeft', 0],
      ['ArrowRight', 1],
      ['ArrowDown', 3],
      ['Home', 2],
      ['PageUp', 0],
      ['End', 1],
    ] as const) {
      await fireEvent.keyDown(document.activeElement!, { key });
      expect(document.activeElement, key).toBe(buttons[place]);
      expect(buttons.filter((button) => button.tabIndex === 0)).toEqual([buttons[place]]);
    }
  });

  it('lists an input that is taken twice, and a sentence that is said twice', () => {
    const why = whys['add:1:1:1'] as Document;
    const twice = { largest: why.largest.map(() => why.largest[0]!), sentences: ['It is so.', 'It is so.'] };
    shown('add:1:1:1', twice);
    expect(page.getAllByRole('button', { name: why.largest[0]!.cell })).toHaveLength(2);
    expect(page.getAllByText('It is so.')).toHaveLength(2);
  });

  it('lists the terms of a linear layer, and the exponentials of a softmax with their classes', () => {
    shown('linear1:1');
    const terms = texts(within(page.getByRole('table', { name: 'Made of' })).getAllByRole('row'));
    expect(terms).toHaveLength(1 + whys['linear1:1']!.largest.length);
    document.body.innerHTML = '';
    shown('probability:1');
    const powers = texts(within(page.getByRole('table', { name: 'Made of' })).getAllByRole('row'));
    expect(
      powers
        .slice(1)
        .map((row) => row.split(' ')[1])
        .sort(),
    ).toEqual(['cat', 'dog', 'owl']);
    expect(page.getByRole('columnheader', { name: 'exponential' })).toBeTruthy();
  });

  it('lists both branches of a sum', async () => {
    const { onopen } = shown('add:1:1:1');
    const table = page.getByRole('table', { name: 'Made of' });
    expect(
      within(table)
        .getAllByRole('columnheader')
        .map((head) => head.textContent),
    ).toEqual(['branch', 'value']);
    await fireEvent.click(within(table).getByRole('button', { name: 'conv1:1:1:1' }));
    expect(onopen).toHaveBeenCalledWith('conv1:1:1:1');
  });

  it('ends at a pixel with the arithmetic of the preprocessing', () => {
    shown('input:0:1:2');
    const rows = texts(within(page.getByRole('table', { name: 'Step by step' })).getAllByRole('row'));
    expect(rows.slice(1)).toEqual(['pixel 90', 'divided by 255 0.352941', 'the network’s own 0.352941']);
    expect(page.queryByRole('button', { name: /Follow/ })).toBeNull();
    expect(page.queryByRole('table', { name: 'Made of' })).toBeNull();
  });
});

describe('a window of many channels', () => {
  const window = {
    layer: 'below',
    coordinates: [Array.from({ length: 512 }, (_, k) => k), [4, 5, 6], [-1, 0, 1]],
    values: Array.from({ length: 512 }, (_, k) => Array(3).fill(Array(3).fill(k))),
    inside: Array(512).fill(Array(3).fill([false, true, true])),
    weights: Array.from({ length: 512 }, () => Array(3).fill(Array(3).fill(0.5))),
    contributions: Array.from({ length: 512 }, (_, k) =>
      Array(3).fill(Array(3).fill(k === 300 ? -900 : k / 2)),
    ),
  };
  it('shows the channel that leads on, and has them all to choose, the largest first', () => {
    const planes = windowPlanes(window, 'below:7:5:0');
    expect(planes).toHaveLength(512);
    expect(shownPlanes(planes).map(({ channel }) => channel)).toEqual([7]);
    expect(planes[7]).toMatchObject({ best: 4, columns: 3, sum: 31.5 });
    expect(planes[7]?.cells[4]).toBe('below:7:5:0');
    expect(
      ranked(planes)
        .slice(0, 2)
        .map(({ channel }) => channel),
    ).toEqual([300, 511]);
    expect(planes[0]?.inside).toEqual([false, true, true, false, true, true, false, true, true]);
  });
  it('writes nothing out of what is too large, or has no rows and columns', () => {
    expect(windowPlanes({ ...window, values: [Array(12).fill(Array(12).fill(0))] }, null)).toEqual([]);
    expect(windowPlanes({ ...window, values: [1, 2, 3] }, null)).toEqual([]);
    expect(windowPlanes({ ...window, values: [[[1]]] }, null)).toEqual([]);
  });
});
