import { vi } from 'vitest';
import {
  ApiError,
  type LayerNode,
  type NetworkDocument,
  type Pass,
  type Source,
  type Why,
} from '../../src/api';
import type { Picture } from '../../src/pictures/picture';
import documents from './documents.json';

// A source with made-up numbers, and explanations that convscope wrote (tests/studio/test_network_documents.py).

export const whys = documents as unknown as Record<string, Why>;

function layer(name: string, operation: string, inputs: string[], shape: number[], at: number): LayerNode {
  return {
    name,
    operation,
    kind: operation,
    settings: operation,
    inputs,
    shape,
    parameters: 0,
    macs: 0,
    attributes: {},
    sees: { size: [1, 1], jump: [1, 1], centre: [0, 0], whole: shape.length === 1 },
    x: 16,
    y: 16 + 88 * at,
    width: 160,
    height: 58,
  };
}

export function tiny(model = 'tiny', over: Partial<NetworkDocument> = {}): NetworkDocument {
  const layers = [
    layer('input', 'input', [], [1, 4, 4], 0),
    layer('conv1', 'conv2d', ['input'], [2, 4, 4], 1),
    layer('norm1', 'batch_norm', ['conv1'], [2, 4, 4], 2),
    layer('relu1', 'relu', ['norm1'], [2, 4, 4], 3),
    layer('add', 'add', ['relu1', 'conv1'], [2, 4, 4], 4),
    layer('pool1', 'max_pool2d', ['add'], [2, 2, 2], 5),
    layer('flatten1', 'flatten', ['pool1'], [8], 6),
    layer('linear1', 'linear', ['flatten1'], [3], 7),
    layer('probability', 'softmax', ['linear1'], [3], 8),
  ];
  return {
    model,
    state: '',
    net: model,
    trained: true,
    classes: ['cat', 'dog', 'owl'],
    input: { kind: 'picture', shape: [1, 4, 4], invert: false, pixels: [[0, 1]] },
    layers,
    parameters: 100,
    macs: 1000,
    numbers: 162,
    drawing: {
      width: 192,
      height: 900,
      lines: [
        {
          from: 'input',
          to: 'conv1',
          points: [
            [96, 74],
            [96, 104],
          ],
        },
      ],
    },
    about: ['a line about it'],
    ...over,
  };
}

/** A pass whose numbers count up from the brightest pixel of the picture. */
export function passOf(network: NetworkDocument, picture: Picture, layers?: readonly string[]): Pass {
  const first = Math.max(...picture.values.data);
  const outputs: Pass['outputs'] = Object.create(null); // as `passIn` makes it
  for (const { name, shape } of network.layers.filter(({ name }) => !layers || layers.includes(name))) {
    const size = shape.reduce((product, side) => product * side, 1);
    outputs[name] = { shape, data: Float32Array.from({ length: size }, (_, k) => first + k) };
  }
  return {
    state: network.state,
    label: 'dog',
    probability: 0.75,
    probabilities: [
      { label: 'cat', probability: 0.2 },
      { label: 'dog', probability: 0.75 },
      { label: 'owl', probability: 0.05 },
    ],
    seen: { size: [4, 4], steps: ['4×4 grey', 'divided by 255'], ranges: [[0, 1]], warnings: [] },
    outputs,
  };
}

export function sourceOf() {
  return {
    models: vi.fn(async () => [
      { id: 'tiny', label: 'tiny', kind: 'starter' as const, about: 'small' },
      { id: 'other', label: 'other', kind: 'run' as const, about: 'another' },
    ]),
    network: vi.fn(async (model: string) => {
      if (model === 'gone') throw new ApiError('gone is not there; choose another.', 'model');
      return tiny(model);
    }),
    pass: vi.fn(async (model: string, picture: Picture, layers?: readonly string[], _signal?: AbortSignal) =>
      passOf(tiny(model), picture, layers),
    ),
    why: vi.fn(async (_model: string, _picture: Picture, cell: string) => {
      const why = whys[cell];
      if (!why) throw new ApiError(`${cell} does not exist.`, 'cell');
      return why;
    }),
    drawing: vi.fn(async () => 'data:image/svg+xml,<svg/>'),
    samples: vi.fn(async () => []),
  } satisfies Source;
}

export function pictureOf(brightness: number, code = `png:${brightness}`): Picture {
  return {
    name: 'drawing.png',
    kind: 'picture',
    values: { shape: [1, 4, 4], data: new Float64Array(16).fill(brightness) },
    file: new Uint8Array([brightness]),
    code,
    opened: false,
  };
}
