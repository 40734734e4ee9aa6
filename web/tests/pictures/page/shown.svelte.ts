import type { Picture } from '../../../src/pictures/picture';

/** What the page shows, and how often it was told. */
export const shown = $state<{ picture: Picture | null; error: string; times: number }>({
  picture: null,
  error: '',
  times: 0,
});

export async function show(making: Promise<Picture> | Picture): Promise<void> {
  try {
    shown.picture = Object.freeze(await making);
    shown.times++;
  } catch (error) {
    shown.error = (error as Error).message;
  }
}
