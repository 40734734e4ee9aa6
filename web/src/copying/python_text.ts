// What numbers, names and lists look like in Python.

export type Nested = string | readonly Nested[];

const WIDE = 72; // letters of a list that stands on one line

/** A text as Python reads it back. */
export function pythonString(text: string): string {
  return JSON.stringify(text); // whose escapes are Python's too
}

/** A typed number: `007` has zeros that Python refuses, `1/4` is a fraction. */
export function pythonNumber(word: string): string {
  const parts = word.replace(/^\+/, '').split('/');
  return parts.map((part) => part.replace(/^(-?)0+(?=\d)/, '$1')).join(' / ');
}

/** Lists in lists of numbers, a row per line where they are long. */
export function pythonList(value: Nested, indent = ''): string {
  if (typeof value === 'string') return pythonNumber(value);
  const line = `[${value.map((part) => pythonList(part)).join(', ')}]`;
  if (indent.length + line.length <= WIDE || value.every((part) => typeof part === 'string')) return line;
  const inner = `${indent}    `;
  return `[\n${value.map((part) => `${inner}${pythonList(part, inner)},\n`).join('')}${indent}]`;
}

/** One number, or one each: `2`, `1,2` and `1x2`. */
export function pythonPerAxis(text: string): string {
  const numbers = text.split(/[x×,]/).map((word) => pythonNumber(word.trim()));
  return numbers.length === 1 ? numbers[0]! : `(${numbers.join(', ')})`;
}

/** A call, with a line for each argument where they are many. */
export function pythonCall(name: string, args: readonly string[]): string {
  const line = `${name}(${args.join(', ')})`;
  if (line.length <= WIDE + 20) return line;
  return `${name}(\n${args.map((argument) => `    ${argument},\n`).join('')})`;
}
