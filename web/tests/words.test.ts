// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { words } from '../src/words';

const SOURCES = join(import.meta.dirname, '../src');
const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|svelte)$/.test(name) && name !== 'words.ts')
  .map((name) => readFileSync(join(SOURCES, name), 'utf8'));

/** The paths of all words: shell.title, core.wrongPool, ... */
function leaves(part: object, path: readonly string[] = []): string[] {
  return Object.entries(part).flatMap(([name, value]) =>
    typeof value === 'object' && !Array.isArray(value)
      ? leaves(value, [...path, name])
      : [[...path, name].join('.')],
  );
}

/** The paths that a source speaks of, by `words` or by a name of its own for a part of them. */
function spokenOf(source: string): string[] {
  const names = new Map([['words', '']]);
  const naming = /(?:const|let) (\w+) = (?:\$derived\()?words((?:\.\w+)+)\)?;/g;
  const others = source.replace(naming, (_, name: string, path: string) => {
    names.set(name, path);
    return '';
  });
  return [...others.matchAll(/(?<![\w.])(\w+)((?:\??\.\w+)+)/g)].flatMap(([, name, path]) => {
    const start = names.get(name!);
    return start === undefined ? [] : [(start + path!.replaceAll('?', '')).slice(1)];
  });
}

test('every word is used somewhere', () => {
  const spoken = new Set(sources.flatMap(spokenOf));
  // `words.chain.names[kind]` speaks of all names, and `words.shell[screen]` of what no one could tell: the whole of it.
  const used = (leaf: string) => {
    const parts = leaf.split('.');
    return parts.some((_, k) => spoken.has(parts.slice(0, k + 1).join('.')));
  };
  expect(leaves(words).filter((leaf) => !used(leaf))).toEqual([]);
});
