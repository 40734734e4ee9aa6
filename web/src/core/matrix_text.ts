import { words } from '../words';
import { CoreError } from './sliding';
import { countOf, tensor, type Tensor } from './tensor';

// Numbers as people type them. The same rules hold on the command line:
//   "1 0 -1; 2 0 -2"        rows are apart by ";" or a new line, numbers by white space or commas
//   "1/4 1/2 1/4"           fractions are numbers too: their slash touches them
//   "1 2; 3 4 / 5 6; 7 8"   a slash with white space (or an end of the text) on both sides sets channels apart
//   "1 0 / 0 1 // 1 1 / 0 0"  a double slash, in the same way, sets filters apart
// A plane of one row is a signal: it has one axis.

/** So many numbers can be typed; more come as a picture. */
const MOST_TYPED = 100_000;

const FILTERS = /(?<=^|\s)\/\/(?=\s|$)/;
const CHANNELS = /(?<=^|\s)\/(?=\s|$)/;
const BETWEEN = /[\s,;]+/;

/**
 * The numbers of a text as (filters, channels, rows, columns), or (filters, channels, places) where the planes have
 * one row. null where it does not begin with a number, as a name does not. `about`: the control it was typed into.
 */
export function typedNumbers(text: string, about: CoreError['about']): Tensor | null {
  const first = text.replace(/^[ \t\n,;]+/, '').split(BETWEEN, 1)[0]!;
  if (numberOf(first) === null) return null;
  const filters = text
    .split(FILTERS)
    .map((filter) => filter.split(CHANNELS).map((plane) => planeOf(plane, about)));
  const planes = filters.flat();
  const count = planes.reduce((sum, rows) => sum + rows.flat().length, 0);
  if (count > MOST_TYPED) throw new CoreError(words.core.tooManyTyped(count, MOST_TYPED), about);
  const lengths = planes.map((rows) => rows.length);
  const widths = planes.map((rows) => rows[0]!.length);
  if (new Set(lengths).size > 1 || new Set(widths).size > 1) {
    const sizes = planes.map((rows) => [rows.length, rows[0]!.length]);
    throw new CoreError(words.core.planesDiffer(sizes), about);
  }
  if (new Set(filters.map((filter) => filter.length)).size > 1)
    throw new CoreError(words.core.filtersDiffer(filters.map((filter) => filter.length)), about);
  const shape = lengths[0] === 1 ? [widths[0]!] : [lengths[0]!, widths[0]!];
  return tensor([filters.length, filters[0]!.length, ...shape], planes.flat(2));
}

/** The rows of one channel. */
function planeOf(text: string, about: CoreError['about']): number[][] {
  const rows = text.split(/[;\n]/).filter((row) => row.trim());
  if (!rows.length) throw new CoreError(words.core.emptyPlane, about);
  const numbers = rows.map((row, place) => rowOf(row, about, rows.length > 1 ? place + 1 : null));
  const lengths = [...new Set(numbers.map((row) => row.length))].sort((one, other) => one - other);
  if (lengths.length > 1) throw new CoreError(words.core.rowsDiffer(lengths), about);
  return numbers;
}

function rowOf(text: string, about: CoreError['about'], row: number | null): number[] {
  return text
    .replace(/^[ \t\r\n,;]+|[ \t\r\n,;]+$/g, '')
    .split(BETWEEN)
    .map((word) => {
      const number = numberOf(word);
      if (number === null) throw new CoreError(words.core.notANumberInRow(word, row), about);
      if (!Number.isFinite(number)) throw new CoreError(words.core.notFinite(word), about);
      return number;
    });
}

const WHOLE = String.raw`\d+(?:_\d+)*`;
const DECIMAL = new RegExp(
  String.raw`^[+-]?(?:${WHOLE}(?:\.(?:${WHOLE})?)?|\.${WHOLE})(?:e[+-]?${WHOLE})?$`,
  'i',
);
const FRACTION = new RegExp(String.raw`^([+-]?${WHOLE})\/(${WHOLE})$`);
const NOT_FINITE = /^[+-]?(?:inf|infinity|nan)$/i;

/** A word as a number, as Python reads it, or a fraction, with a minus or a hyphen; null where it is none. */
export function numberOf(text: string): number | null {
  const word = text.replace(/^−|(?<=e)−/i, '-');
  const plain = word.replaceAll('_', '');
  if (DECIMAL.test(word)) return Number(plain);
  const fraction = FRACTION.exec(word);
  if (fraction) {
    const [above, below] = plain.split('/').map(Number) as [number, number];
    return below === 0 ? null : above / below;
  }
  return NOT_FINITE.test(word) ? NaN : null;
}

/** The text of (filters, channels, ...): what `typedNumbers` reads as the same numbers. */
export function numbersText(numbers: Tensor): string {
  const [filters, channels, ...size] = numbers.shape as [number, number, ...number[]];
  const width = size.at(-1)!;
  const count = countOf(size);
  const rows = (from: number) =>
    Array.from({ length: count / width }, (_, row) =>
      Array.from(numbers.data.subarray(from + row * width, from + (row + 1) * width), String).join(' '),
    ).join('; ');
  return Array.from({ length: filters }, (_, filter) =>
    Array.from({ length: channels }, (_, channel) => rows((filter * channels + channel) * count)).join(' / '),
  ).join(' // ');
}

/** A picture that was typed: (C, rows, columns) or (C, places); null where the text does not begin with a number. */
export function typedPicture(text: string): Tensor | null {
  const typed = typedNumbers(text, 'picture');
  if (!typed) return null;
  if (typed.shape[0] !== 1) throw new CoreError(words.core.pictureHasFilters, 'picture');
  return tensor(typed.shape.slice(1), typed.data);
}
