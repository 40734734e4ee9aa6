import { INITIAL, type ConvolutionKey } from '../convolution/address';
import type { ConvolutionState } from '../convolution/state.svelte';
import { pictureOf } from '../pictures/code';
import { follow } from './following.svelte';
import type { Model } from './model';
import { pictureOfSent, sameSent, sentOf, type Sent } from './numbers';

// What becomes of the picture before is for Python, which has it.
type Words = Record<Exclude<ConvolutionKey, 'picture' | 'grey' | 'crop'>, string>;
const KEYS = Object.keys(INITIAL).filter(
  (key) => !['picture', 'grey', 'crop'].includes(key),
) as (keyof Words)[];

/** The Convolution screen and its traits: `_words`, of all its settings, and `_picture`, whose code is the page's alone. */
export function followConvolution(model: Model, screen: ConvolutionState): () => void {
  let here = $state.raw<{ code: string; sent: Sent } | null>(null); // the picture that both have
  let reading = '';

  const unfollow = follow(model, ['_words', '_picture'], {
    take: async () => {
      const sent = model.get('_picture') as Sent;
      if (!here || !sameSent(sent, here.sent)) {
        const picture = await pictureOfSent(sent);
        here = { code: picture.code, sent };
        screen.picture = picture;
        screen.pictureWrong = '';
      }
      const words = model.get('_words') as Words;
      Object.assign(screen.address, { picture: here.code, ...words });
      screen.pointed = null;
    },
    give: () => ({
      _words: Object.fromEntries(KEYS.map((key) => [key, screen.address[key]])),
      ...(here?.code === screen.address.picture && { _picture: here.sent }),
    }),
    same: (one, other) =>
      isSent(one) && isSent(other) ? sameSent(one, other) : sameWords(one as Words, other as Words),
  });

  // a picture that was chosen in the page is read, and told then
  const end = $effect.root(() => {
    $effect(() => {
      const code = screen.address.picture;
      if (!here || code === here.code || code === reading) return;
      reading = code;
      pictureOf(code).then(
        (picture) => {
          if (screen.address.picture === code) here = { code, sent: sentOf(picture) };
        },
        () => {}, // the screen says what is wrong with it
      );
    });
  });
  return () => {
    end();
    unfollow();
  };
}

function isSent(value: unknown): value is Sent {
  return typeof value === 'object' && value !== null && 'data' in value;
}

function sameWords(one: Words, other: Words): boolean {
  return KEYS.every((key) => one[key] === other[key]);
}
