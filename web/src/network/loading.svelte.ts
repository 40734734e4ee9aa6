import { tick, untrack } from 'svelte';
import { ApiError, type NetworkDocument, type Sample, type Source, type Why } from '../api';
import type { Picture } from '../pictures/picture';
import { shifted } from '../pictures/shift';
import { Live } from './live';
import { ownSignals } from './signals';
import { firstCode, opened } from './opening';
import type { NetworkState, Problem, Shown } from './state.svelte';
import { wantedLayers } from './wanted';

export const MEASURE = 'convscope:maps'; // from a change of the picture to the maps of it

interface PassWish {
  network: NetworkDocument;
  picture: Picture;
  shift: readonly [number, number];
  layers: string[] | undefined;
  since: number | null; // when the picture changed; null where other layers are wanted of the same
}

interface Following {
  down: () => Promise<void>; // from the open number to the input
  again: () => void; // asks for what failed
}

/** Fetches what a screen's address names, and keeps what there was where that fails. Call it in a component. */
export function follow(screen: NetworkState, source: () => Source): Following {
  const failing =
    (usual: Problem) =>
    (error: unknown): void => {
      screen.problems[error instanceof ApiError ? error.about : usual] = sentenceOf(error);
    };

  const networks = new Live(
    (model: string) =>
      Promise.all([
        source().network(model),
        source().samples(model),
        source()
          .drawing(model)
          .catch(() => null), // the network itself says what is wrong with it
      ]),
    ([network, samples, drawing]: [NetworkDocument, Sample[], string | null], model) => {
      const other = screen.network && screen.network.input.kind !== network.input.kind;
      screen.problems = {};
      screen.samples =
        samples.length || network.input.kind === 'picture' ? samples : ownSignals(network.input.shape);
      screen.network = { ...network, model };
      screen.drawing = drawing;
      if (other) screen.address.picture = '';
    },
    failing('model'),
    (busy) => (screen.waiting.model = busy),
  );

  const pictures = new Live(
    ({ code, samples, signal }: { code: string; samples: Sample[]; signal: boolean }) =>
      opened(code, samples, signal),
    (picture, { samples }) => {
      delete screen.problems.picture;
      screen.picture = picture;
      offered = samples;
    },
    failing('picture'),
  );
  let offered: Sample[] | null = null; // the samples among which the picture was found

  const passes = new Live(
    async ({ network, picture, shift, layers }: PassWish, signal): Promise<Shown> => {
      const sent = await shifted(picture, ...shift);
      return {
        model: network.model,
        picture: sent,
        pass: await source().pass(network.model, sent, layers, signal),
      };
    },
    (shown, wish) => {
      for (const about of ['picture', 'layers', 'server', 'access'] as const) delete screen.problems[about];
      screen.shown = shown;
      made = wish;
      if (wish.since !== null) void measure(wish.since);
    },
    failing('picture'),
    (busy) => (screen.waiting.pass = busy),
  );
  let made: PassWish | null = null; // what `shown` was made of
  let wished: PassWish | null = null; // what was wanted last

  const whys = new Live(
    ({ shown, cell }: { shown: Shown; cell: string }): Promise<Why> =>
      source().why(shown.model, shown.picture, cell),
    (why, { shown }) => {
      delete screen.problems.cell;
      screen.why = why;
      of = shown;
    },
    failing('cell'),
    (busy) => (screen.waiting.why = busy),
  );
  let of: Shown | null = null; // what `why` explains

  $effect(() => {
    if (untrack(() => screen.models.length)) return;
    source()
      .models()
      .then((models) => (screen.models = models), failing('server'));
  });

  $effect(() => {
    const model = screen.address.model;
    if (untrack(() => screen.network?.model) !== model) networks.restart(model);
    else networks.stop();
  });

  $effect(() => {
    const { network, samples } = screen;
    const code = screen.address.picture || firstCode(samples);
    if (!network) return;
    const here = untrack(() => screen.picture?.code) === code;
    if (here && (offered === samples || !code.startsWith('sample:'))) return;
    pictures.restart({ code, samples, signal: network.input.kind === 'signal' });
  });

  $effect(() => {
    const { network, picture, shift } = screen;
    const looked = [screen.layer?.name, ...(screen.why?.windows.map((window) => window.layer) ?? [])];
    if (!network || !picture) return;
    const layers = wantedLayers(
      network,
      looked.filter((name) => name !== undefined),
    );
    const outputs = untrack(() => screen.shown?.pass.outputs) ?? {};
    const same =
      made?.network === network && made.picture === picture && String(made.shift) === String(shift);
    if (same && (layers ?? []).every((layer) => Object.hasOwn(outputs, layer))) return;
    const since = same ? null : (screen.takeChange() ?? performance.now());
    const wish = (wished = { network, picture, shift, layers, since });
    if (made && made.network !== network) passes.restart(wish);
    else passes.want(wish);
  });

  $effect(() => {
    const { shown } = screen;
    const cell = screen.address.cell;
    if (!cell) {
      whys.stop();
      screen.why = null;
      delete screen.problems.cell;
    } else if (shown && !(of === shown && untrack(() => screen.why?.cell) === cell))
      whys.want({ shown, cell });
  });

  $effect(() => () => [networks, pictures, passes, whys].forEach((live) => live.stop()));

  /** From the open number down to the input, each time to the one that adds most. */
  async function down(): Promise<void> {
    try {
      for (let why = screen.why; why?.next && screen.shown && screen.address.cell === why.cell;) {
        const shown = screen.shown;
        const next: Why = await source().why(shown.model, shown.picture, why.next);
        if (screen.address.cell !== why.cell) return; // the person went elsewhere
        of = shown;
        screen.why = next;
        screen.descend(next.cell);
        why = next;
      }
    } catch (error) {
      failing('cell')(error);
    }
  }

  function again(): void {
    if (screen.network?.model !== screen.address.model) networks.restart(screen.address.model);
    if (wished) passes.restart(wished);
  }

  return { down, again };
}

async function measure(since: number): Promise<void> {
  await tick(); // the canvases are drawn
  requestAnimationFrame(() => performance.measure(MEASURE, { start: since, end: performance.now() }));
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
