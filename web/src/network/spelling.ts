// Numbers as text, as the commands write them (ops/steps.py, ops/rendering/shades.py).

const WHOLE = 1e15; // from here on floats skip whole numbers

/** Whole ones whole, others in `digits` significant ones; "none" for what JSON has no number for. */
export function plain(number: number | null | undefined, digits = 4): string {
  if (number === null || number === undefined || Number.isNaN(number)) return 'nan';
  if (!Number.isFinite(number)) return number > 0 ? 'inf' : '-inf';
  if (Number.isInteger(number) && Math.abs(number) < WHOLE) return String(number + 0);
  return String(Number(number.toPrecision(digits)));
}

/** The same for a cell with little room. */
export function short(number: number | null | undefined): string {
  const size = Math.abs(number ?? 0);
  return plain(number, size >= 1000 ? 4 : size < 0.1 ? 2 : 3).replace(/^(-?)0\./, '$1.');
}

/** One significant digit, of a difference. */
export function brief(number: number | null): string {
  return plain(number, 1);
}

/** A share as percent; never 100 % of what is less. */
export function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10;
  if (rounded === 100 && share < 1) return '> 99.9 %';
  return `${rounded.toFixed(1)} %`;
}

/** A count with its thousands apart. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A shape: 16×28×28. */
export function spell(shape: readonly number[]): string {
  return shape.join('×');
}

/** Half-open spans per axis, in words: rows 3 to 7, column 5. */
export function spansText(
  axes: readonly (readonly [number, number])[],
  names: {
    row: string;
    rows: string;
    column: string;
    columns: string;
    place: string;
    places: string;
    to: string;
  },
): string {
  const [one, many] =
    axes.length === 2
      ? [
          [names.row, names.column],
          [names.rows, names.columns],
        ]
      : [[names.place], [names.places]];
  return axes
    .map(([first, end], axis) =>
      end - first === 1 ? `${one?.[axis]} ${first}` : `${many?.[axis]} ${first} ${names.to} ${end - 1}`,
    )
    .join(', ');
}
