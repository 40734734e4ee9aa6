import { shown } from '../parts/number';

/** A number as people read it; "nan" for what JSON has no number for. */
export function plain(number: number | null | undefined, digits = 4): string {
  return shown(number ?? NaN, digits);
}

/** The same for a cell with little room. */
export function short(number: number | null | undefined): string {
  const size = Math.abs(number ?? 0);
  return plain(number, size >= 1000 ? 4 : size < 0.1 ? 2 : 3).replace(/^(−?)0\./, '$1.');
}

/** One significant digit, of a difference. */
export function brief(number: number | null): string {
  return plain(number, 1).replace('e−0', 'e−');
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
