import type { Sample } from '../api';
import { pictureOf } from '../pictures/code';
import { PictureError } from '../pictures/error';
import { keep, keptFile } from '../pictures/keeping';
import { fromValues } from '../pictures/making';
import type { Picture } from '../pictures/picture';
import { sampleOf } from '../pictures/samples';
import { words } from '../words';

// A network takes files. Those of pictures are decoded to be drawn on; a signal's file goes as it is to the server,
// which reads it.

/** The code of the picture that is there to begin with. */
export function firstCode(samples: readonly Sample[]): string {
  return samples[0] ? `sample:${samples[0].name}` : 'sample:seven';
}

/** The picture, or signal, of a code. Raises PictureError, CoreError. */
export async function opened(code: string, samples: readonly Sample[], signal: boolean): Promise<Picture> {
  const picture = signal ? await signalOf(code, samples) : await pictureOf(code, samples.map(sampleOf));
  if (!picture.file) throw new PictureError(words.network.noFile);
  return picture;
}

async function signalOf(code: string, samples: readonly Sample[]): Promise<Picture> {
  const colon = code.indexOf(':');
  const [kind, name] = [code.slice(0, colon), code.slice(colon + 1)];
  const found =
    kind === 'sample'
      ? samples.find((sample) => sample.name === name)
      : kind === 'kept'
        ? await keptFile(name)
        : undefined;
  if (!found) throw new PictureError(words.network.noSignal);
  return asSignal(found.name, found.file, code);
}

/** A signal's file that a person opened. */
export async function keptSignal(name: string, file: Uint8Array<ArrayBuffer>): Promise<Picture> {
  return asSignal(name, file, `kept:${await keep({ name, file })}`);
}

function asSignal(name: string, file: Uint8Array<ArrayBuffer>, code: string): Picture {
  const named = /\.[a-z]+$/i.test(name) ? name : `${name}.npy`;
  return { name: named, kind: 'numbers', values: { shape: [0], data: new Float64Array() }, file, code };
}

/** The picture with light and dark turned round. */
export async function inverted(picture: Picture): Promise<Picture> {
  const data = picture.values.data.map((value) => 255 - value);
  return fromValues({ shape: picture.values.shape, data }, picture.name.replace(/(\.[^.]*)?$/, '.png'));
}
