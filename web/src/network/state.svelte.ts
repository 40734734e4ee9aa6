import { untrack } from 'svelte';
import type { ApiError, LayerNode, ModelEntry, NetworkDocument, Pass, Sample, Why } from '../api';
import type { Values } from '../app/address';
import type { Picture } from '../pictures/picture';
import type { Scale } from '../parts/scale';
import { words } from '../words';
import { cellOf } from './cell';
import { isPath } from './path';
import { greysOf } from './pixels';
import { bounded, readShift, type Shift } from './shift';

export type NetworkKey =
  | 'model' // as a command names it: starter, runs/..., untrained:simple-cnn-4-8
  | 'picture' // a picture's code; "" for the first sample
  | 'layer' // the layer that is open; "" for the first with maps
  | 'cell' // the number that is open: conv2:3:5:7
  | 'path' // the cells that led to it, apart by spaces
  | 'shift'; // of the picture by the arrow keys: rows down, columns right

export const INITIAL: Values<NetworkKey> = {
  model: 'starter',
  picture: '',
  layer: '',
  cell: '',
  path: '',
  shift: '0,0',
};

export type Problem = ApiError['about'];
export type Question = 'models' | 'network' | 'picture' | 'pass' | 'why'; // that the screen asks

interface Failure {
  about: Problem;
  sentence: string;
}

/** A pass with what it was of: everything that the page shows at one time is of one picture and one network. */
export interface Shown {
  model: string;
  picture: Picture; // as it was sent: shifted
  pass: Pass;
  of: Picture; // as it was chosen
  shift: Shift;
}

/** The Network screen's state: what its address holds, what was fetched for it, and what follows from both. */
export class NetworkState {
  address = $state({ ...INITIAL });

  models = $state.raw<ModelEntry[]>([]);
  network = $state.raw<NetworkDocument | null>(null); // the last that there was: an address may name another
  drawing = $state.raw<string | null>(null); // the address of its drawing as an SVG file
  samples = $state.raw<Sample[]>([]);
  picture = $state.raw<Picture | null>(null); // as it was chosen, before the shift
  shown = $state.raw<Shown | null>(null);
  why = $state.raw<Why | null>(null);
  changed = $state<string | null>(null); // the model whose file changed while it was shown
  failures = $state.raw<Partial<Record<Question, Failure>>>({});
  waiting = $state({ model: false, pass: false, why: false });

  /** What is wrong, by the control that it is about. */
  readonly problems = $derived(
    Object.fromEntries(
      Object.values(this.failures).map(({ about, sentence }) => [about, sentence]),
    ) as Partial<Record<Problem, string>>,
  );
  /** What was shown last, where it is of the network that is there now. */
  readonly pass = $derived(
    this.network && this.shown?.model === this.network.model && this.shown.pass.state === this.network.state
      ? this.shown.pass
      : null,
  );
  /** What is said beside it where it is not of the picture that is wanted: what was wanted failed. */
  readonly still = $derived.by(() => {
    const { shown, picture, shift, failures } = this;
    if (!this.pass || !shown || !(failures.pass ?? failures.picture)) return null;
    return shown.of === picture && String(shown.shift) !== String(shift)
      ? words.network.stillShifted(words.network.shifted(...shown.shift))
      : words.network.stillBefore;
  });
  readonly #read = $derived(readShift(this.address.shift));
  readonly shift = $derived(bounded(this.#read ?? [0, 0], this.picture));
  /** What is wrong with the shift of the address. */
  readonly wrongShift = $derived.by(() => {
    if (!this.#read) return words.network.noShift(this.address.shift);
    const [, rows = 0, columns = 0] = this.picture?.values.shape ?? [];
    return String(this.#read) === String(this.shift) || !rows
      ? null
      : words.network.farShift(words.network.shifted(...this.#read), rows, columns);
  });
  readonly names = $derived(this.network?.layers.map((layer) => layer.name) ?? []);
  readonly input = $derived(this.network?.layers.find((layer) => layer.operation === 'input') ?? null);
  readonly outputs = $derived<Pass['outputs']>(this.pass?.outputs ?? Object.create(null));
  readonly last = $derived(this.network?.layers.at(-1) ?? null); // whose numbers are those of the classes
  /** The cell of the address, where the network has such a layer. */
  readonly cell = $derived(this.address.cell ? cellOf(this.address.cell, this.names) : null);
  readonly #steps = $derived(this.address.path.split(' ').filter(Boolean));
  /** What is wrong with the path of the address. */
  readonly wrongPath = $derived(
    this.network && this.cell && !isPath([...this.#steps, this.address.cell], this.network.layers)
      ? words.why.noPath(this.address.cell)
      : null,
  );
  readonly path = $derived(this.wrongPath ? [] : this.#steps);
  readonly layer = $derived.by((): LayerNode | null => {
    const layers = this.network?.layers ?? [];
    const named = this.address.layer || this.cell?.layer;
    if (named) return layers.find(({ name }) => name === named) ?? null;
    return layers.find((layer) => layer.operation !== 'input' && layer.shape.length > 1) ?? null;
  });

  /** Which number of a layer is open. */
  openIn(layer: LayerNode | null): readonly number[] | null {
    return this.cell && this.cell.layer === layer?.name ? this.cell.index : null;
  }

  /** Whose output a number is: a class of the network's last layer, or of the one before it. */
  classOf(cell: string): string | null {
    const place = cellOf(cell, this.names);
    const layer = this.network?.layers.find(({ name }) => name === place?.layer);
    if (!this.network || !place || !layer || layer.shape.length !== 1) return null;
    const outermost = layer === this.last || this.last?.inputs.includes(layer.name);
    return outermost ? (this.network.classes[place.index[0] ?? -1] ?? null) : null;
  }

  /** Of a layer's colours: greys of the picture that enters; undefined where its numbers say it. */
  scaleIn(layer: string): Scale | undefined {
    const pixels = this.network?.input.pixels;
    return pixels && layer === this.input?.name ? greysOf(pixels) : undefined;
  }

  /** Another network; the picture stays, unless it is one of the old network's samples. */
  choose(model: string): void {
    const kept = this.address.picture.startsWith('sample:') ? '' : this.address.picture;
    Object.assign(this.address, INITIAL, { model, picture: kept, shift: this.address.shift });
  }

  /** A question failed: what is wrong, and with what. */
  fail(question: Question, about: Problem, sentence: string): void {
    this.failures = { ...this.failures, [question]: { about, sentence } };
  }

  /** A question was answered, or is none any more. */
  settle(question: Question): void {
    this.#keep((failed) => failed !== question);
  }

  /** What was wrong with a control is no more, once a person has changed that. */
  #forget(about: Problem): void {
    this.#keep((_, failure) => failure.about !== about);
  }

  #keep(stays: (question: string, failure: Failure) => boolean): void {
    const failures = untrack(() => Object.entries(this.failures));
    const kept = failures.filter(([question, failure]) => stays(question, failure));
    if (kept.length < failures.length) this.failures = Object.fromEntries(kept);
  }

  #changed: number | null = null; // when the picture changed, of the page's clock

  /** When the picture changed last, told once. */
  takeChange(): number | null {
    const changed = this.#changed;
    this.#changed = null;
    return changed;
  }

  /** Another picture; `since` is when the pen, or whatever made it, moved. */
  take(picture: Picture, since = performance.now()): void {
    this.#changed = since;
    this.picture = picture;
    this.address.picture = picture.code;
    this.#forget('picture');
  }

  /** Moves the picture by so many rows down and columns to the right. */
  move(down: number, right: number): void {
    this.#changed = performance.now();
    this.address.shift = String(bounded([this.shift[0] + down, this.shift[1] + right], this.picture));
  }

  /** Shows the maps of a layer; the number that is open stays. */
  open(layer: string): void {
    this.address.layer = layer;
    this.#forget('layers');
  }

  /** Opens a number, at the beginning of a path. */
  ask(cell: string): void {
    this.#show(cell, []);
  }

  /** Opens a number that the open one is made of. */
  descend(cell: string): void {
    if (cell === this.address.cell) return;
    this.#show(cell, this.address.cell ? [...this.path, this.address.cell] : []);
  }

  /** Goes back to a number of the path. */
  back(step: number): void {
    const cell = this.path[step];
    if (cell) this.#show(cell, this.path.slice(0, step));
  }

  close(): void {
    Object.assign(this.address, { cell: '', path: '' });
    this.#forget('cell');
  }

  #show(cell: string, path: readonly string[]): void {
    const layer = cellOf(cell, this.names)?.layer ?? this.address.layer;
    Object.assign(this.address, { cell, path: path.join(' '), layer });
    this.#forget('cell');
  }
}
