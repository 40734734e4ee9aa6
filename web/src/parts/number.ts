import { plain } from '../core/number_text';

/** A number as people read it: whole ones whole, others in four significant digits, with a real minus. */
export function shown(value: number): string {
  return plain(value).replaceAll('-', '−');
}
