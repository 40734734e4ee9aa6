// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Picture } from '../../src/pictures/picture';
import { Telling } from '../../src/pictures/telling';

let frames: (() => void)[] = [];
beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (work: () => void) => frames.push(work));
  vi.stubGlobal('cancelAnimationFrame', () => (frames = []));
});
afterEach(() => vi.unstubAllGlobals());
const frame = () => frames.splice(0).forEach((work) => work());
const settled = () => new Promise((done) => setTimeout(done));

function slow() {
  const made: ((code: string) => void)[] = [];
  const told: string[] = [];
  const telling = new Telling(
    () => new Promise((done) => made.push((code) => done({ code } as Picture))),
    (picture) => told.push(picture.code),
  );
  return { made, told, telling };
}

test('many changes within a frame are told once', async () => {
  const { made, told, telling } = slow();
  for (let k = 0; k < 5; k++) telling.later();
  expect(frames.length).toBe(1);
  frame();
  expect(made.length).toBe(1);
  made[0]!('a');
  await settled();
  expect([told, telling.code]).toEqual([['a'], 'a']);
});

test('what changes while a picture is made is told after it, in order', async () => {
  const { made, told, telling } = slow();
  telling.later();
  frame();
  telling.later();
  frame();
  telling.later();
  frame();
  expect(made.length).toBe(1); // never two at a time
  made[0]!('a');
  await settled();
  expect(made.length).toBe(2);
  made[1]!('b');
  await settled();
  expect(told).toEqual(['a', 'b']);
});

test('a pad that is gone tells what it was making, and nothing more', async () => {
  const { made, told, telling } = slow();
  telling.later();
  frame();
  telling.later();
  telling.stop();
  frame();
  made[0]!('a');
  await settled();
  expect(made.length).toBe(1);
  expect(told).toEqual(['a']);
});
