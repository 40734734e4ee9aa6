import { numbersText as textOfFilters, typedPicture } from '../core/matrix_text';
import { tensor, type Tensor } from '../core/tensor';
import { words } from '../words';
import { PictureError } from './error';

/** Whether a file holds numbers, by its name. */
export function holdsNumbers(name: string): boolean {
  return /\.(csv|tsv|txt)$/i.test(name);
}

/** Typed numbers as (C, rows, columns) or (C, places). Raises PictureError for what does not begin with a number, and
 * CoreError for what goes wrong after that. */
export function numbersOf(text: string): Tensor {
  const typed = typedPicture(text);
  if (typed) return typed;
  const start = text.trim();
  throw new PictureError(
    words.pictures.errors.noNumbers(start.length > 40 ? `${start.slice(0, 40)}…` : start),
  );
}

/** Those of a file with a row in each line, whose numbers are apart by commas, semicolons or spaces. */
export function fileNumbers(text: string): Tensor {
  return numbersOf(text.replaceAll(';', ' '));
}

/** The numbers as a person would type them. */
export function numbersText(values: Tensor): string {
  return textOfFilters(tensor([1, ...values.shape], values.data));
}
