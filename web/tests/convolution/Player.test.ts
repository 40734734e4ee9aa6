import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { words } from '../../src/words';
import Played from './Played.svelte';

const said = words.convolution;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The steps of a player that is shown. */
function player(count: number, start = 0): number[] {
  const steps: number[] = [];
  render(Played, { count, start, steps });
  return steps;
}
const button = (name: string) => screen.getByRole('button', { name });
const choose = (perSecond: number) =>
  fireEvent.change(screen.getByRole('combobox'), { target: { value: String(perSecond) } });

test.each([1, 2, 5, 20, 100])('it goes %i steps a second', async (perSecond) => {
  const steps = player(5000);
  await choose(perSecond);
  await fireEvent.click(button(said.play));
  await vi.advanceTimersByTimeAsync(10_040);
  expect(steps.at(-1)).toBeGreaterThanOrEqual(10 * perSecond - 4 * Math.ceil(perSecond / 30));
  expect(steps.at(-1)).toBeLessThanOrEqual(10 * perSecond + Math.ceil(perSecond / 25));
});

test('another speed counts from now on', async () => {
  const steps = player(5000);
  await fireEvent.click(button(said.play)); // 2 a second
  await vi.advanceTimersByTimeAsync(2200);
  expect(steps.at(-1)).toBe(4);
  await choose(5);
  await vi.advanceTimersByTimeAsync(1100);
  expect(steps.at(-1)).toBe(4 + 5);
});

test('it ends at the last step, and begins again from the first', async () => {
  const steps = player(4, 3);
  await fireEvent.click(button(said.play));
  expect(steps).toEqual([0]);
  await vi.advanceTimersByTimeAsync(3000);
  expect(steps).toEqual([0, 1, 2, 3]);
  expect(button(said.play)).toBeTruthy();
});

test('space presses the button that has the focus, and plays elsewhere', async () => {
  player(9, 4);
  // fireEvent tells whether the page leaves the key to the browser, which presses the button
  for (const name of [said.first, said.back, said.play, said.forward, said.last]) {
    expect(await fireEvent.keyDown(button(name), { key: ' ' })).toBe(true);
    expect(await fireEvent.keyUp(button(name), { key: ' ' })).toBe(true);
    expect(button(said.play)).toBeTruthy();
  }
  expect(await fireEvent.keyDown(screen.getByRole('slider'), { key: ' ' })).toBe(false);
  expect(button(said.pause)).toBeTruthy();
});
