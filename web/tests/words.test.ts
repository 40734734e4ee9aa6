import { expect, test } from 'vitest';
import { words } from '../src/words';

test('each part of the page has a section', () => {
  expect(Object.keys(words)).toContain('convolution');
});
