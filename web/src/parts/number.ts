import { plain, spelled } from '../core/number_text';

/** A text of the core with a real minus, as people read it. */
export function typeset(text: string): string {
  return text.replaceAll('-', '−');
}

/** A number as people read it: whole ones whole, others in four significant digits. */
export function shown(number: number, digits = 4): string {
  return typeset(plain(number, digits));
}

/** The same within a sum or a product: negative ones in brackets. */
export function within(number: number): string {
  return typeset(spelled(number));
}
