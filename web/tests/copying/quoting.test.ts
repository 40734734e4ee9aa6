import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { pythonNumber, pythonString } from '../../src/copying/python_text';
import { commandLine, quoted } from '../../src/copying/shell';

const AWKWARD = [
  'plain.png', 'two words', "it's", 'say "so"', `both ' and "`, '$HOME', '`ls`', 'back\\slash', 'a!b', '100%', '*', '~',
  '', 'a\nb', 'a;b', 'ünï 数', '-x', '#c', '{a,b}', '[ab]', '(x)', 'x&y', 'x|y', '<x>', "'", '"', 'a=b c', '\t',
]; // prettier-ignore

test('a shell reads each word back', () => {
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${AWKWARD.map(quoted).join(' ')}`]);
  expect(printed.toString().split('\0').slice(0, -1)).toEqual(AWKWARD);
});

test('words are quoted only where they have to be', () => {
  expect(['a-b_c.1:2,3/x', '1 2; 3 4', "it's", '$5'].map(quoted)).toEqual([
    'a-b_c.1:2,3/x',
    '"1 2; 3 4"',
    '"it\'s"',
    "'$5'",
  ]);
  expect(commandLine(['c'], ['-a'], ['--b', '1'])).toBe('c --b 1 -- -a');
  expect(commandLine(['c'], ['a'], ['--b', '1'])).toBe('c a --b 1');
});

test('Python reads texts and numbers as they are meant', () => {
  expect(pythonString('a "b" \\ \n')).toBe('"a \\"b\\" \\\\ \\n"');
  expect(['007', '+3', '-0', '00.5', '1/04', '1e3', '.5', '0'].map(pythonNumber)).toEqual([
    '7', '3', '-0', '0.5', '1 / 4', '1e3', '.5', '0',
  ]); // prettier-ignore
});
