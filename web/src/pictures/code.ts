import { words } from '../words';
import { fromBase64 } from './base64';
import { PictureError } from './error';
import { keptFile } from './keeping';
import { fromFile, fromNumbers } from './making';
import { holdsNumbers, numbersOf } from './numbers';
import type { Picture } from './picture';
import { OWN, type SamplePicture } from './samples';

/** The picture that an address means (see Picture.code). `offered`: samples of the server, beside the page's own.
 * Raises PictureError where there is none, and CoreError for numbers that are none. */
export async function pictureOf(code: string, offered: readonly SamplePicture[] = []): Promise<Picture> {
  const said = words.pictures.errors;
  const [kind, rest] = parted(code);
  if (kind === 'sample') {
    const known = [...offered, ...OWN];
    const sample = known.find(({ name }) => name === rest);
    if (!sample)
      throw new PictureError(
        said.noSample(
          rest,
          known.map(({ name }) => name),
        ),
      );
    return sample.picture();
  }
  if (kind === 'png') {
    try {
      return await fromFile(fromBase64(rest), 'drawing.png', code);
    } catch {
      throw new PictureError(said.unreadable);
    }
  }
  if (kind === 'kept') {
    const kept = await keptFile(rest);
    if (!kept) throw new PictureError(said.gone);
    if (!holdsNumbers(kept.name)) return fromFile(kept.file, kept.name, code);
    return fromNumbers(numbersOf(new TextDecoder().decode(kept.file)), kept.name, code);
  }
  return fromNumbers(numbersOf(code), undefined, code);
}

function parted(code: string): [kind: string, rest: string] {
  const colon = code.indexOf(':');
  return colon < 0 ? ['', code] : [code.slice(0, colon), code.slice(colon + 1)];
}
