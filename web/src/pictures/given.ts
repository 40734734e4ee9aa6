import { words } from '../words';
import { PictureError } from './error';
import { fromFile, fromNumbers, fromSignal } from './making';
import { fileNumbers, holdsNumbers, numbersOf } from './numbers';
import type { Picture } from './picture';

/** The picture of a file that a person chose: its own bytes, under its own name. Raises PictureError. */
export async function fromOpened(file: File, allowNumbers: boolean): Promise<Picture> {
  return { ...(await pictureOf(file, allowNumbers)), opened: true };
}

/** The signal of a .npy file that a person chose. */
export async function fromOpenedSignal(file: File): Promise<Picture> {
  return { ...(await fromSignal(await bytesOf(file), file.name)), opened: true };
}

async function pictureOf(file: File, allowNumbers: boolean): Promise<Picture> {
  if (allowNumbers && holdsNumbers(file.name)) return fromNumbers(fileNumbers(await file.text()), file.name);
  return fromFile(await bytesOf(file), file.name);
}

const bytesOf = async (file: File) => new Uint8Array(await file.arrayBuffer());

/** The picture of what was pasted or dropped: one file, or numbers as text. Raises PictureError, CoreError. */
export async function fromTransfer(data: DataTransfer, allowNumbers: boolean): Promise<Picture> {
  const files = [...data.files];
  const text = data.getData('text/plain').trim();
  const said = words.pictures.errors;
  if (files.length > 1) throw new PictureError(said.several);
  if (files[0]) return pictureOf(files[0], allowNumbers); // of a clipboard or a page: perhaps in no folder
  if (!text) throw new PictureError(said.noFile);
  if (!allowNumbers) throw new PictureError(said.notHere);
  return fromNumbers(numbersOf(text));
}
