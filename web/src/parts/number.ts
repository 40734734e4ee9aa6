import { plain } from '../core/number_text';

/** A number as people read it: whole ones whole, others in `digits` significant ones, with a real minus. */
export function shown(value: number, digits = 4): string {
  return plain(value, digits).replaceAll('-', '−');
}
