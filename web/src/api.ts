import { passIn } from './pass_message';
import { fromBase64 } from './pictures/base64';
import type { Picture } from './pictures/picture';
import { words } from './words';

// Every request of the studio. A notebook answers the same questions without a server: widgets/source.ts.

export interface ModelEntry {
  id: string; // as a person would name it in a command: starter, a run's path, untrained:simple-cnn-4-8
  label: string;
  kind: 'starter' | 'run' | 'bundle' | 'net';
  about: string; // a short line: parameters, accuracy, data
}

/** A layer, and where it stands in the drawing. */
export interface LayerNode {
  name: string;
  operation: string; // as in the graph: conv2d, batch_norm, relu, ...
  kind: string; // as in the summary: batch norm
  inputs: string[];
  shape: number[]; // without the batch
  parameters: number;
  macs: number;
  attributes: Record<string, unknown>;
  sees: { size: number[]; jump: number[]; centre: number[]; whole: boolean };
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A line of the drawing, around corners, from the bottom of one layer's box to the top of another's. */
export interface DrawnLine {
  from: string;
  to: string;
  points: [number, number][]; // x and y
}

export interface NetworkDocument {
  model: string;
  net: string;
  trained: boolean;
  classes: string[];
  input: { kind: 'picture' | 'signal'; shape: number[]; invert: boolean };
  layers: LayerNode[]; // in the order of the graph; ends in `probability`
  parameters: number;
  macs: number;
  numbers: number; // of all layers for one picture
  drawing: { width: number; height: number; lines: DrawnLine[] };
  about: string[]; // lines: data, accuracy, recipe
}

export interface Warning {
  code: string;
  message: string;
}

/** What a network makes of one picture. */
export interface Pass {
  label: string;
  probability: number;
  probabilities: { label: string; probability: number }[]; // all classes, in their order
  seen: { size: number[] | null; steps: string[]; ranges: number[][]; warnings: Warning[] };
  outputs: Record<string, FloatTensor>; // of `layers`, the input (what the network saw) among them
}

export interface FloatTensor {
  shape: readonly number[];
  data: Float32Array;
}

/** `look.why`: the document of `convscope explain --why --json`. */
export interface Why {
  cell: string;
  layer: string;
  index: number[];
  operation: string;
  class: string | null;
  value: number | null;
  exact: number | null;
  difference: number | null;
  agrees: boolean;
  layers: string[];
  followers: string[];
  windows: WhyWindow[];
  steps: { what: string; number: number | null; result: number | null }[];
  folded: Record<string, string | number>[];
  terms_are: string;
  largest: WhyTerm[];
  rest: { count: number; sum: number | null };
  next: string | null;
  sees: { size: number[]; whole: boolean; field: [number, number][]; pixels: [number, number][] | null };
  sentences: string[];
}

/** Arrays are nested lists of the shape (channels, rows, columns), or that of the layer. */
export interface WhyWindow {
  layer: string;
  coordinates: number[][];
  values: unknown;
  inside: unknown;
  weights: unknown;
  contributions: unknown;
}

export interface WhyTerm {
  cell: string;
  value: number | null;
  weight: number | null;
  contribution: number | null;
}

/** Where a screen gets its answers: the server, or the kernel of a notebook. */
export interface Source {
  models(): Promise<ModelEntry[]>;
  network(model: string): Promise<NetworkDocument>;
  /** `layers`: whose numbers are wanted; all where it is left out. */
  pass(model: string, picture: Picture, layers?: readonly string[], signal?: AbortSignal): Promise<Pass>;
  why(model: string, picture: Picture, cell: string): Promise<Why>;
  /** The address of the drawing as an SVG file, or the drawing itself as a data address. */
  drawing(model: string): Promise<string>;
  samples(model: string): Promise<Sample[]>;
}

/** A picture that is there to begin with. */
export interface Sample {
  name: string;
  file: Uint8Array<ArrayBuffer>;
}

/** What the server says is wrong, and which control it is about. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly about: 'model' | 'picture' | 'cell' | 'layers' | 'access' | 'server',
  ) {
    super(message);
  }
}

type Questions = Record<string, string | readonly string[]>;

/** Where a request goes, relative to the page: a proxy may serve the studio below a path. */
function addressOf(path: string, questions: Questions): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(questions))
    for (const one of typeof value === 'string' ? [value] : value) asked.append(name, one);
  return asked.size ? `api/${path}?${asked}` : `api/${path}`;
}

/** Asks the server, and reads its answer to the end. What was aborted fails as such. */
async function ask<T>(
  path: string,
  questions: Questions,
  read: (response: Response) => Promise<T>,
  init?: RequestInit,
): Promise<T> {
  const response = await fetch(addressOf(path, questions), init).catch(failsWith(words.answers.gone));
  if (!response.ok) throw await refusalIn(response);
  return read(response).catch(failsWith(words.answers.garbled));
}

const failsWith =
  (message: string) =>
  (error: unknown): never => {
    throw error instanceof DOMException && error.name === 'AbortError'
      ? error
      : new ApiError(message, 'server');
  };

const ABOUT: readonly string[] = ['model', 'picture', 'cell', 'layers', 'access', 'server'];

/** The server's sentence; of an answer that is not the studio's own, what there is to say of it. */
async function refusalIn(response: Response): Promise<ApiError> {
  const { message, about } = (await response.json().catch(() => null)) ?? {};
  if (typeof message === 'string' && message && ABOUT.includes(about)) return new ApiError(message, about);
  if (response.status === 401 || response.status === 403)
    return new ApiError(words.answers.noAccess, 'access');
  return new ApiError(words.answers.failed(response.status), 'server');
}

const json = (response: Response) => response.json();

/** The request that sends a picture's file, byte for byte. */
function sending(picture: Picture, signal?: AbortSignal): RequestInit {
  if (!picture.file) throw new ApiError(words.answers.noFile, 'picture');
  return { method: 'POST', body: picture.file, signal: signal ?? null };
}

/** The server that the page came from. */
export const http: Source & { photo(): Promise<Uint8Array<ArrayBuffer>> } = {
  models: () => ask('models', {}, async (response) => (await response.json()).models),
  network: (model) => ask('network', { model }, json),
  pass: async (model, picture, layers, signal) =>
    // an empty name asks for no layer; without any, all are sent
    ask(
      'pass',
      { model, layer: layers?.length === 0 ? '' : (layers ?? []) },
      async (response) => passIn(await response.arrayBuffer()),
      sending(picture, signal),
    ),
  why: async (model, picture, cell) => ask('why', { model, cell }, json, sending(picture)),
  drawing: async (model) => addressOf('drawing.svg', { model }),
  photo: () => ask('photo', {}, async (response) => new Uint8Array(await response.arrayBuffer())),
  samples: (model) =>
    ask('samples', { model }, async (response) => (await response.json()).samples.map(sampleOf)),
};

function sampleOf({ name, file }: { name: string; file: string }): Sample {
  return { name, file: fromBase64(file) };
}
