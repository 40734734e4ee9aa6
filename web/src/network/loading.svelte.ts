import { tick, untrack } from 'svelte';
import { ApiError, type NetworkDocument, type Sample, type Source, type Why } from '../api';
import type { Picture } from '../pictures/picture';
import { shifted } from '../pictures/shift';
import { Live } from './live';
import { firstCode, opened } from './opening';
import { INITIAL, type NetworkState, type Problem, type Question, type Shown } from './state.svelte';
import { wantedLayers } from './wanted';

export const MEASURE = 'convscope:maps'; // from a change of the picture to the maps of it

interface PictureWish {
  code: string;
  samples: Sample[]; // among which it is found
  signal: boolean;
}
interface PassWish {
  network: NetworkDocument;
  picture: Picture;
  shift: readonly [number, number];
  layers: string[] | undefined;
  since: number | null; // when the picture changed; null where other layers are wanted of the same
}
interface WhyWish {
  shown: Shown;
  cell: string;
}

interface Following {
  down: () => Promise<void>; // from the open number to the input
  again: () => void; // asks for what failed
}

/** Fetches what a screen's address names, and keeps what there was where that fails. Call it in a component.
 *
 * `whole`: with the list of the models and the drawing as a file, which a notebook does not show. */
export function follow(screen: NetworkState, source: () => Source, whole: () => boolean): Following {
  /** A question: its answer settles what was wrong with it, and nothing else. */
  function asking<Wish, Answer>(
    question: Question,
    usual: Problem, // what it is about where the error does not say
    ask: (wish: Wish, signal: AbortSignal) => Promise<Answer>,
    take: (answer: Answer, wish: Wish) => void,
    tell?: (busy: boolean) => void,
  ) {
    const fail = (error: unknown) => screen.fail(question, about(error, usual), sentenceOf(error));
    const live = new Live(
      ask,
      (answer: Answer, wish: Wish) => (screen.settle(question), take(answer, wish)),
      fail,
      tell,
    );
    /** There is what is wanted: nothing is asked any more, and nothing is wrong. */
    const rest = () => (live.stop(), screen.settle(question));
    return { live, fail, rest };
  }

  const models = asking(
    'models',
    'server',
    (_: null, signal) => source().models(signal),
    (found) => (screen.models = found),
  );

  const networks = asking(
    'network',
    'model',
    (model: string, signal) =>
      Promise.all([
        source().network(model, signal),
        source().samples(model, signal),
        whole()
          ? source()
              .drawing(model, signal)
              .catch(() => null) // the network itself says what is wrong with it
          : null,
      ]),
    ([network, samples, drawing], model) => {
      const other = screen.network && screen.network.input.kind !== network.input.kind;
      screen.samples = samples;
      screen.network = { ...network, model };
      screen.drawing = drawing;
      if (network.input.kind === 'signal') screen.address.shift = INITIAL.shift; // of pictures alone
      if (!other) return;
      if (screen.address.picture === before) screen.address.picture = '';
      screen.picture = null; // of the kind that the network before took
    },
    (busy) => (screen.waiting.model = busy),
  );
  let before: string | undefined; // the picture that was there when the network was asked for

  /** Whether numbers are of another network than the page describes: its file has changed meanwhile. */
  const isOther = (state: string | undefined) => state !== undefined && state !== screen.network?.state;
  function loadAgain(): void {
    const { model } = screen.address;
    if (screen.network?.model !== model) return; // another is on its way already
    screen.changed = model;
    networks.live.restart(model);
  }

  const pictures = asking(
    'picture',
    'picture',
    ({ code, samples, signal }: PictureWish) => opened(code, samples, signal),
    (picture, { samples }) => {
      screen.picture = picture;
      offered = samples;
    },
  );
  let offered: Sample[] | null = null; // the samples among which the picture was found

  const passes = asking(
    'pass',
    'picture',
    async ({ network, picture, shift, layers }: PassWish, signal): Promise<Shown> => {
      const sent = await shifted(picture, ...shift);
      const pass = await source().pass(network.model, sent, layers, signal);
      return { model: network.model, picture: sent, pass, of: picture, shift };
    },
    (shown, wish) => {
      if (wish.network === screen.network && isOther(shown.pass.state)) return loadAgain();
      screen.shown = shown;
      made = wish;
      if (wish.since !== null) void measure(wish.since);
    },
    (busy) => (screen.waiting.pass = busy),
  );
  let made: PassWish | null = null; // what `shown` was made of

  const whys = asking(
    'why',
    'cell',
    ({ shown, cell }: WhyWish, signal) => source().why(shown.model, shown.picture, cell, signal),
    (why, wish) => {
      if (isOther(why.state)) return loadAgain();
      screen.why = why;
      explained = wish;
    },
    (busy) => (screen.waiting.why = busy),
  );
  let explained: WhyWish | null = null; // what `why` explains

  $effect(() => {
    if (whole() && !untrack(() => screen.models.length)) models.live.want(null);
  });

  $effect(() => {
    const model = screen.address.model;
    if (untrack(() => screen.changed) !== model) screen.changed = null;
    if (untrack(() => screen.network?.model) === model) return networks.rest();
    before = untrack(() => screen.picture?.code);
    networks.live.restart(model);
  });

  $effect(() => {
    const { network, samples } = screen;
    const code = screen.address.picture || firstCode(samples);
    if (!network) return;
    const here = untrack(() => screen.picture?.code) === code;
    if (here && (offered === samples || !code.startsWith('sample:'))) pictures.rest();
    else pictures.live.restart({ code, samples, signal: network.input.kind === 'signal' });
  });

  $effect(() => {
    const { network, picture, shift } = screen;
    const looked = [screen.layer?.name, ...(screen.why?.windows.map((window) => window.layer) ?? [])];
    if (!network || !picture || (network.input.kind === 'picture') !== (picture.kind === 'picture')) return;
    const layers = wantedLayers(
      network,
      looked.filter((name) => name !== undefined),
    );
    const outputs = untrack(() => screen.shown?.pass.outputs) ?? {};
    const changed = screen.takeChange();
    const same =
      made?.network === network && made.picture === picture && String(made.shift) === String(shift);
    if (same && (layers ?? []).every((layer) => Object.hasOwn(outputs, layer))) return passes.rest();
    const wish = { network, picture, shift, layers, since: same ? null : (changed ?? performance.now()) };
    if (made && made.network !== network) passes.live.restart(wish);
    else passes.live.want(wish);
  });

  $effect(() => {
    const { shown, pass } = screen;
    const cell = screen.address.cell;
    if (!cell) {
      whys.rest();
      screen.why = explained = null;
    } else if (explained && explained.shown === shown && explained.cell === cell) whys.rest();
    else if (shown && pass) whys.live.want({ shown, cell });
  });

  const all = [models, networks, pictures, passes, whys];
  $effect(() => () => all.forEach(({ live }) => live.stop()));

  /** From the open number down to the input, each time to the one that adds most. */
  async function down(): Promise<void> {
    try {
      for (let why = screen.why; why?.next && screen.shown && screen.address.cell === why.cell;) {
        const shown = screen.shown;
        const next: Why = await source().why(shown.model, shown.picture, why.next);
        if (screen.address.cell !== why.cell) return; // the person went elsewhere
        if (isOther(next.state)) return loadAgain();
        explained = { shown, cell: next.cell };
        screen.why = next;
        screen.descend(next.cell);
        why = next;
      }
    } catch (error) {
      whys.fail(error);
    }
  }

  return { down, again: () => all.forEach(({ live }) => live.again()) };
}

async function measure(since: number): Promise<void> {
  await tick(); // the canvases are drawn
  requestAnimationFrame(() => performance.measure(MEASURE, { start: since, end: performance.now() }));
}

function about(error: unknown, usual: Problem): Problem {
  return error instanceof ApiError ? error.about : usual;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
