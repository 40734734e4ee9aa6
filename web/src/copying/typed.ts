// Numbers as people type them, as words: rows apart by ";", channels by " / ", filters by " // ".

export type Plane = string[][]; // rows of words; one row is a signal's or a kernel's

/** Filters of planes of rows. */
export function typedNumbers(text: string): Plane[][] {
  return apart(text, /(?:^|\s)\/\/(?=\s|$)/).map((filter) => apart(filter, /(?:^|\s)\/(?=\s|$)/).map(rowsOf));
}

/** The same numbers on one line. */
export function typedText(filters: readonly (readonly Plane[])[]): string {
  const plane = (rows: Plane) => rows.map((row) => row.join(' ')).join('; ');
  return filters.map((planes) => planes.map(plane).join(' / ')).join(' // ');
}

/** Rows of words, apart by ";" or on lines of their own. */
export function rowsOf(text: string): Plane {
  return text
    .split(/[;\n]/)
    .map((row) => row.split(/[\s,]+/).filter(Boolean))
    .filter((row) => row.length > 0);
}

/** Whether a text begins with a number, and is not a name. */
export function isTyped(text: string): boolean {
  return /^[+-]?(\d|\.\d)/.test(text.trim());
}

function apart(text: string, mark: RegExp): string[] {
  return text.split(mark).filter((part) => part.trim());
}
