import { untrack } from 'svelte';
import type { ApiError, LayerNode, ModelEntry, NetworkDocument, Pass, Sample, Why } from '../api';
import type { Values } from '../app/address';
import type { Picture } from '../pictures/picture';
import type { Scale } from '../parts/scale';
import { cellOf } from './cell';
import { greysOf } from './pixels';

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
  failures = $state.raw<Partial<Record<Question, Failure>>>({});
  waiting = $state({ model: false, pass: false, why: false });

  /** What is wrong, by the control that it is about. */
  readonly problems = $derived(
    Object.fromEntries(
      Object.values(this.failures).map(({ about, sentence }) => [about, sentence]),
    ) as Partial<Record<Problem, string>>,
  );
  readonly shift = $derived(readShift(this.address.shift));
  readonly path = $derived(this.address.path.split(' ').filter(Boolean));
  readonly names = $derived(this.network?.layers.map((layer) => layer.name) ?? []);
  readonly input = $derived(this.network?.layers.find((layer) => layer.operation === 'input') ?? null);
  /** The pass, where it is of the network that is shown. */
  readonly pass = $derived(this.shown?.model === this.network?.model ? (this.shown?.pass ?? null) : null);
  readonly outputs = $derived<Pass['outputs']>(this.pass?.outputs ?? Object.create(null));
  readonly last = $derived(this.network?.layers.at(-1) ?? null); // whose numbers are those of the classes
  /** The cell of the address, where the network has such a layer. */
  readonly cell = $derived(this.address.cell ? cellOf(this.address.cell, this.names) : null);
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
    this.address.shift = `${this.shift[0] + down},${this.shift[1] + right}`;
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

/** Rows down and columns to the right; 0 for what is no number. */
export function readShift(text: string): [number, number] {
  const [down, right] = text.split(',').map((part) => Math.trunc(Number(part)) || 0);
  return [down ?? 0, right ?? 0];
}
