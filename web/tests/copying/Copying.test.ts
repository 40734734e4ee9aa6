import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, expect, test, vi } from 'vitest';
import Copying from '../../src/copying/Copying.svelte';

const texts = { command: 'convscope conv "1 2; 3 4"', python: 'print(1)\n' };

function clipboard(writeText: ((text: string) => Promise<void>) | undefined) {
  const value = writeText && { writeText };
  Object.defineProperty(navigator, 'clipboard', { value, configurable: true });
}

afterEach(() => vi.restoreAllMocks());

test('each button puts its text on the clipboard and says so', async () => {
  const write = vi.fn(() => Promise.resolve());
  clipboard(write);
  render(Copying, texts);
  await fireEvent.click(screen.getByRole('button', { name: 'Copy as command' }));
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('Copied the command.'));
  await fireEvent.click(screen.getByRole('button', { name: 'Copy as Python' }));
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('Copied the Python text.'));
  expect(write.mock.calls).toEqual([[texts.command], [texts.python]]);
});

test.each([['refused', () => Promise.reject(new Error('no'))] as const, ['not there', undefined] as const])(
  'where the clipboard is %s, the text is shown and selected',
  async (_, writeText) => {
    clipboard(writeText);
    const { container } = render(Copying, texts);
    expect(container.querySelector('details')!.open).toBe(false);
    await fireEvent.click(screen.getByRole('button', { name: 'Copy as Python' }));
    await waitFor(() => expect(screen.getByRole('status').textContent).toContain('press Ctrl+C'));
    expect(container.querySelector('details')!.open).toBe(true);
    expect(getSelection()!.toString()).toBe(texts.python);
  },
);

test('what was said goes when the text changes', async () => {
  clipboard(() => Promise.resolve());
  const { rerender } = render(Copying, texts);
  await fireEvent.click(screen.getByRole('button', { name: 'Copy as command' }));
  await waitFor(() => expect(screen.getByRole('status').textContent).not.toBe(''));
  await rerender({ ...texts, command: 'convscope conv "5"' });
  expect(screen.getByRole('status').textContent).toBe('');
  expect(screen.getByText('convscope conv "5"')).toBeTruthy();
});

test('a file that only the page has can be saved, under its name and with its bytes', async () => {
  const made: Blob[] = [];
  URL.createObjectURL = (blob) => (made.push(blob as Blob), 'blob:there');
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    expect([this.download, this.href]).toEqual(['drawing.png', 'blob:there']);
  });
  const { rerender } = render(Copying, texts);
  expect(screen.queryByRole('button', { name: /Save/ })).toBeNull();
  await rerender({ ...texts, file: { name: 'drawing.png', bytes: new Uint8Array([1, 2, 3]) } });
  await fireEvent.click(screen.getByRole('button', { name: 'Save drawing.png' }));
  expect(clicked).toHaveBeenCalledOnce();
  expect(made.map((blob) => blob.size)).toEqual([3]);
});
