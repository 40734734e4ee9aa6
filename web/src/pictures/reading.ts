import { CoreError } from '../core/sliding';
import { words } from '../words';
import { PictureError } from './error';
import type { Picture } from './picture';

const MOST_FILE = 64_000_000; // bytes: the studio's server takes no more (routes.py)

/** Makes a picture of files that a person gave. One that is too large is not read at all; what the browser cannot read,
 * such as a folder, becomes a PictureError. */
export async function readingOf(files: Iterable<File>, make: () => Promise<Picture>): Promise<Picture> {
  const given = [...files];
  const heavy = given.find(({ size }) => size > MOST_FILE);
  if (heavy) throw new PictureError(words.pictures.errors.heavy(heavy.name, MOST_FILE));
  try {
    return await make();
  } catch (error) {
    if (error instanceof PictureError || error instanceof CoreError) throw error;
    throw new PictureError(words.pictures.errors.unread(given[0]?.name ?? ''));
  }
}
