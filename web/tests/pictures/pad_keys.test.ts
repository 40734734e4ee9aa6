import { expect, test } from 'vitest';
import { padCommand } from '../../src/pictures/pad_keys';

const asked = (key: string, held: KeyboardEventInit = {}) =>
  padCommand(new KeyboardEvent('keydown', { key, ...held }));

test('keys of the pad, and none of the browser', () => {
  expect([asked(' '), asked('Escape'), asked('Delete')]).toEqual(['pen', 'lift', 'clear']);
  expect([asked('z', { ctrlKey: true }), asked('z', { metaKey: true })]).toEqual(['undo', 'undo']);
  expect([asked('Z', { ctrlKey: true, shiftKey: true }), asked('y', { ctrlKey: true })]).toEqual([
    'redo',
    'redo',
  ]);
  expect([asked('z'), asked(' ', { ctrlKey: true }), asked('Delete', { altKey: true })]).toEqual([
    null,
    null,
    null,
  ]);
});
