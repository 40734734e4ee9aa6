import { words } from '../words';
import { PictureError } from './error';
import { fromFile, fromNumbers } from './making';
import { fileNumbers, holdsNumbers, numbersOf } from './numbers';
import type { Picture } from './picture';

/** The picture of a file that a person chose, dropped or pasted: its own bytes, under its own name. */
export async function fromOpened(file: File, allowNumbers: boolean): Promise<Picture> {
  if (allowNumbers && holdsNumbers(file.name)) return fromNumbers(fileNumbers(await file.text()), file.name);
  return fromFile(new Uint8Array(await file.arrayBuffer()), file.name);
}

/** The picture of what was pasted or dropped: one file, or numbers as text. Raises PictureError, CoreError. */
export async function fromTransfer(data: DataTransfer, allowNumbers: boolean): Promise<Picture> {
  const files = [...data.files];
  const text = data.getData('text/plain').trim();
  const said = words.pictures.errors;
  if (files.length > 1) throw new PictureError(said.several);
  if (files[0]) return fromOpened(files[0], allowNumbers);
  if (!text) throw new PictureError(said.noFile);
  if (!allowNumbers) throw new PictureError(said.notHere);
  return fromNumbers(numbersOf(text));
}
