import { plain } from '../core/number_text';

/** A number as people read it: whole ones whole, others in four significant digits, with a real minus. */
export function shown(number: number, digits = 4): string {
  return plain(number, digits).replaceAll('-', '−');
}

/** The same within a sum or a product: negative ones in brackets. */
export function within(number: number, digits = 4): string {
  const text = shown(number, digits);
  return text.startsWith('−') ? `(${text})` : text;
}
