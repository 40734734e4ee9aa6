import { cleanup, fireEvent, render, screen as page, waitFor, within } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import Convolution from '../../src/convolution/Convolution.svelte';
import { INITIAL } from '../../src/convolution/address';
import { ConvolutionState } from '../../src/convolution/state.svelte';

beforeEach(() => {
  // what jsdom has not
  Element.prototype.getAnimations ??= () => [];
  HTMLCanvasElement.prototype.getContext = (() => null) as typeof HTMLCanvasElement.prototype.getContext;
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function shown(address: Partial<typeof INITIAL> = {}): Promise<ConvolutionState> {
  const screen = new ConvolutionState();
  Object.assign(screen.address, address);
  render(Convolution, { screen });
  await waitFor(() => page.getByText(/^Step /, { selector: '[aria-live]' }));
  return screen;
}
const grid = (name: string) => page.getAllByRole('grid', { name: new RegExp(`^${name}`) })[0]!;
const cells = (name: string) => within(grid(name)).getAllByRole('gridcell');
const texts = (name: string) => cells(name).map((cell) => cell.textContent!.trim());
const button = (name: string | RegExp) => page.getByRole('button', { name });
const said = () => page.getByText(/^Step /, { selector: '[aria-live]' }).textContent!.trim();

test('the window is on the input, its product on the output, and the sum is written out', async () => {
  await shown();
  expect(texts('Output')).toEqual(['−4', '', '', '']);
  expect(cells('Input')[4]!.getAttribute('aria-label')).toBe('row 1, column 1: 5, in the window');
  expect(page.getByText('5·(−1)')).toBeTruthy();
  expect(said()).toBe('Step 1 of 4: the output’s row 0, column 0 is −4.');
});

test('stepping fills the output, back empties it', async () => {
  const screen = await shown();
  await fireEvent.click(button('Step'));
  expect(screen.address.at).toBe('0,1');
  expect(texts('Output')).toEqual(['−4', '−4', '', '']);
  await fireEvent.click(button('End'));
  expect(texts('Output')).toEqual(['−4', '−4', '−4', '−4']);
  expect((button('Step') as HTMLButtonElement).disabled).toBe(true);
  await fireEvent.click(button('Back'));
  expect(texts('Output')).toEqual(['−4', '−4', '−4', '']);
  await fireEvent.input(page.getByRole('slider'), { target: { value: '0' } });
  expect(screen.address.at).toBe('0,0');
});

test('comma and dot step, but not in a field', async () => {
  const screen = await shown();
  const section = page.getByRole('region', { name: 'Convolution' });
  await fireEvent.keyDown(section, { key: '.' });
  await fireEvent.keyDown(section, { key: '.' });
  await fireEvent.keyDown(section, { key: ',' });
  expect(screen.index).toBe(1);
  await fireEvent.keyDown(page.getByLabelText('Bias'), { key: '.' });
  expect(screen.index).toBe(1);
});

test('space on the player plays to the end', async () => {
  const screen = await shown();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  await fireEvent.keyDown(page.getByRole('slider'), { key: ' ' });
  expect(screen.playing).toBe(true);
  await vi.advanceTimersByTimeAsync(2500);
  expect(screen.index).toBe(3);
  expect(screen.playing).toBe(false);
});

test('the arrow keys move the step on the output; one stop of the keyboard', async () => {
  const screen = await shown();
  expect(cells('Output').map((cell) => cell.tabIndex)).toEqual([0, -1, -1, -1]);
  await fireEvent.keyDown(cells('Output')[0]!, { key: 'ArrowDown' });
  expect(screen.address.at).toBe('1,0');
  expect(document.activeElement).toBe(cells('Output')[2]);
  await fireEvent.keyDown(cells('Output')[2]!, { key: 'End' });
  expect(screen.address.at).toBe('1,1');
  expect(cells('Output').map((cell) => cell.tabIndex)).toEqual([-1, -1, -1, 0]);
});

test('pointing at an output shows its window, and leaves the step', async () => {
  const screen = await shown();
  await fireEvent.pointerOver(cells('Output')[3]!);
  expect(texts('Output')).toEqual(['−4', '', '', '−4']);
  expect(cells('Input')[8]!.getAttribute('aria-label')).toContain('in the window');
  await fireEvent.pointerLeave(grid('Output'));
  expect(screen.index).toBe(0);
  expect(cells('Input')[8]!.getAttribute('aria-label')).not.toContain('in the window');
});

test('pointing at an input marks the outputs that use it; Enter brings the window', async () => {
  const screen = await shown();
  await fireEvent.pointerOver(cells('Input')[4]!);
  expect(page.getByText(/row 1, column 1 \(5\) is in 4 windows/)).toBeTruthy();
  expect(cells('Output').every((cell) => cell.classList.contains('held'))).toBe(true);
  await fireEvent.keyDown(cells('Input')[4]!, { key: 'ArrowRight' }); // from the middle of the window
  await fireEvent.keyDown(cells('Input')[5]!, { key: 'ArrowUp' });
  await fireEvent.keyDown(cells('Input')[2]!, { key: 'Enter' });
  expect(screen.address.at).toBe('0,1');
});

test('flipping turns the kernel by half a turn', async () => {
  const screen = await shown({ kernel: '1 2; 3 4' });
  await fireEvent.click(page.getByRole('switch'));
  expect(screen.address.flip).toBe('yes');
  expect(page.getByRole('img', { name: 'as applied: 4 3; 2 1' })).toBeTruthy();
  expect(page.getByText('Convolution: the kernel is turned by half a turn.')).toBeTruthy();
});

test('a cell of the kernel is edited', async () => {
  const screen = await shown();
  const cell = page.getByRole('textbox', { name: 'Kernel, row 0, column 1' });
  await fireEvent.focus(cell);
  await fireEvent.input(cell, { target: { value: '1/4' } });
  expect(screen.address.kernel).toBe('1 0.25; 0 -1');
  await fireEvent.input(cell, { target: { value: 'x' } });
  expect(cell.getAttribute('aria-invalid')).toBe('true');
  expect(screen.address.kernel).toBe('1 0.25; 0 -1');
  await fireEvent.click(button('more rows'));
  expect(screen.address.kernel).toBe('1 0.25; 0 -1; 0 0');
});

test('positions that no window reaches are hatched and named', async () => {
  await shown({ picture: '1 2 3 4; 5 6 7 8; 1 2 3 4', kernel: '1 1; 1 1', stride: '2' });
  expect(page.getByText('No window reaches row 2 of the input (hatched).')).toBeTruthy();
  expect(cells('Input')[8]!.classList.contains('unreached')).toBe(true);
  expect(cells('Input')[0]!.classList.contains('unreached')).toBe(false);
});

test('an error stands beside its control, and what was there stays', async () => {
  const screen = await shown();
  const stride = page.getByRole('spinbutton', { name: 'Stride, down' });
  await fireEvent.input(stride, { target: { value: '0' } });
  expect(screen.address.stride).toBe('0,1');
  const sentence = document.getElementById(stride.getAttribute('aria-describedby')!)!;
  expect(sentence.getAttribute('role')).toBe('alert');
  expect(sentence.textContent).toContain('stride');
  expect(texts('Output')[0]).toBe('−4');
});

test('a pool marks its winner', async () => {
  const screen = await shown({ picture: '1 2 3 4; 5 6 7 8', kernel: '', pool: 'max:2', at: '0,1' });
  expect(cells('Input')[7]!.classList.contains('winner')).toBe(true);
  expect(texts('Output')).toEqual(['6', '8']);
  expect(page.getByText('The largest is at the input’s row 1, column 3 (green edge).')).toBeTruthy();
  await fireEvent.click(button('Kernel'));
  expect([screen.address.kernel, screen.address.pool]).toEqual(['sobel-x', '']);
});

test('several channels are summed, with their subtotals and the bias', async () => {
  await shown({ picture: '1 2 / 3 4', kernel: '1 1 / 2 0', bias: '10' });
  const sums = page.getByRole('region', { name: /^How the output/ });
  expect(within(sums).getByText('channel 0', { selector: 'h3' })).toBeTruthy();
  expect(sums.textContent!.replace(/\s+/g, '')).toContain('3+6+10(bias)=19');
});

test('stages are added, moved, chosen from and removed', async () => {
  const screen = await shown({ then: 'relu | max:2' });
  await fireEvent.click(button('Move pool up'));
  expect(screen.address.then).toBe('max:2 | relu');
  await fireEvent.change(page.getByLabelText('What follows'), { target: { value: 'linear' } });
  await fireEvent.click(button('Add'));
  expect(screen.address.then).toBe('max:2 | relu | flatten | linear:1; 1');
  const linear = page.getByRole('region', { name: '4. linear' });
  await fireEvent.click(within(linear).getAllByRole('gridcell')[1]!);
  expect(within(linear).getByText(/number 1/)).toBeTruthy();
  await fireEvent.click(button('Remove linear'));
  await fireEvent.click(button('Remove flatten'));
  expect(screen.address.then).toBe('max:2 | relu');
});

test('what is no number stays in its cell with a sentence, until it is one or Escape', async () => {
  const screen = await shown();
  const cell = page.getByRole<HTMLInputElement>('textbox', { name: 'Kernel, row 0, column 1' });
  const sentence = () => document.getElementById(cell.getAttribute('aria-describedby') ?? '');
  expect(cell.getAttribute('spellcheck')).toBe('false');
  for (const text of ['nonsense', '0x1F', '1,5', '']) {
    await fireEvent.focus(cell);
    await fireEvent.input(cell, { target: { value: text } });
    await fireEvent.blur(cell);
    expect([cell.value, screen.address.kernel]).toEqual([text, '1 0; 0 -1']);
    expect(sentence()!.textContent).toContain(text ? `“${text}”` : 'Row 0, column 1 is empty');
  }
  await fireEvent.keyDown(cell, { key: 'Escape' });
  expect([cell.value, sentence()]).toEqual(['0', null]);
  await fireEvent.input(cell, { target: { value: '−3' } });
  expect(screen.address.kernel).toBe('1 -3; 0 -1');
});

test('a setting of a kernel leaves the others, and an empty one is said', async () => {
  const screen = await shown({
    picture: Array(20).fill(Array(20).fill('1').join(' ')).join('; '),
    kernel: 'gabor:3:0:6:5:45',
  });
  const set = (name: string, value: string) =>
    fireEvent.input(page.getByRole('spinbutton', { name }), { target: { value } });
  await set('wavelength', '');
  expect(screen.address.kernel).toBe('gabor:3:0::5:45');
  expect(page.getByText('The wavelength of gabor is empty; write a number.')).toBeTruthy();
  await set('wavelength', '8');
  expect(screen.address.kernel).toBe('gabor:3:0:8:5:45');
  await set('phase', '0');
  await set('size', '');
  await set('wavelength', '6');
  expect(screen.address.kernel).toBe('gabor');
  await set('phase', '90'); // behind the size, which follows from sigma
  expect(screen.address.kernel).toBe('gabor:3:0:6:19:90');
});

test('the counter of rows shows what the address says', async () => {
  const screen = await shown({ kernel: '1 0 0; 0 1 0; 0 0 1' });
  await fireEvent.click(button('more rows'));
  expect(screen.wrongOf('kernel')).toContain('does not fit');
  const rows = page.getByRole('group', { name: 'rows' });
  expect(rows.querySelector('output')!.textContent).toBe('4');
  expect(page.getByRole('textbox', { name: 'Kernel, row 3, column 0' })).toBeTruthy();
  await fireEvent.click(button('fewer rows'));
  expect(screen.wrongs).toEqual([]);
});

test('while something is wrong there is nothing to copy and nothing to play', async () => {
  const screen = await shown();
  const off = (name: string) => button(name).matches(':disabled');
  expect(['Copy as command', 'Copy as Python', 'Step', 'Play'].map(off)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  await fireEvent.input(page.getByLabelText('Bias'), { target: { value: 'a' } });
  expect(['Copy as command', 'Copy as Python', 'Step', 'Play'].map(off)).toEqual([true, true, true, true]);
  expect(page.getByText(/^There is nothing to copy while/)).toBeTruthy();
  expect(page.queryByText('See the texts')).toBe(null);
  await fireEvent.keyDown(page.getByRole('region', { name: 'Convolution' }), { key: '.' });
  expect(screen.index).toBe(0);
});

test('padding that no window reaches is hatched and named too', async () => {
  const five = Array(5).fill('1 2 3 4 5').join('; ');
  await shown({ picture: five, kernel: '1 1; 1 1', padding: '2', stride: '3', dilation: '2' });
  // windows hold rows −2, 0, 1, 3, 4 and 6
  expect(page.getByText('No window reaches row 2 of the input (hatched).')).toBeTruthy();
  expect(page.getByText('No window reaches rows −1, 5 of the padding (hatched).')).toBeTruthy();
  const hatched = (row: number, column: number) =>
    cells('Input')[9 * row + column]!.classList.contains('unreached');
  expect([hatched(0, 0), hatched(1, 0), hatched(0, 1), hatched(7, 8), hatched(8, 8)]).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
  expect(grid('Input').getAttribute('aria-label')).toBe('Input. Enter brings the window to a cell.');
});
