import { fromFile } from './making';
import type { Picture } from './picture';
import type { SamplePicture } from './samples';

const NAME = 'photo';
/** The code of the photo that `convscope conv` takes where no picture is named. */
export const SAMPLE_PHOTO = `sample:${NAME}`;

/** That photo as a sample, which is fetched when it is first asked for. */
export function photoOf(fetch: () => Promise<Uint8Array<ArrayBuffer>>): SamplePicture {
  let made: Promise<Picture> | null = null;
  return {
    name: NAME,
    kind: 'picture',
    picture() {
      made ??= fetch().then((file) => fromFile(file, `${NAME}.jpg`, SAMPLE_PHOTO));
      made.catch(() => (made = null)); // it may be there the next time
      return made;
    },
  };
}
