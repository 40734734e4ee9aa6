// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const CORE = new URL('../../src/core/', import.meta.url);

test('the core knows nothing of page, DOM or Svelte: it imports itself and the words, and names no browser', () => {
  const files = readdirSync(CORE);
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    expect(file).toMatch(/\.ts$/);
    const source = readFileSync(new URL(file, CORE), 'utf-8');
    for (const [, from] of source.matchAll(/(?:from|import\()\s*'([^']+)'/g))
      expect(`${file}: ${from}`).toMatch(/: (\.\/\w+|\.\.\/words)$/);
    expect(source, file).not.toMatch(
      /\b(document|navigator|localStorage|HTML\w*Element)\b|\$(state|derived|effect)\b/,
    );
  }
});
