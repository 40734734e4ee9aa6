import type { LayerNode, NetworkDocument } from '../api';

const ALL = 1_000_000; // numbers of a network that are fetched whole
const THUMBNAIL = 1 << 15; // numbers of a layer that is small

export const BROAD = 460; // of a drawing, from which on it has a row of its own

const sizeOf = (layer: LayerNode) => layer.shape.reduce((size, side) => size * side, 1);

/** Whether a layer's numbers come with every picture. */
export function isSmall(network: NetworkDocument, layer: LayerNode): boolean {
  return network.numbers <= ALL || sizeOf(layer) <= THUMBNAIL;
}

/** The layers whose numbers are fetched: all of a small network, else the small ones and those that are looked at. */
export function wantedLayers(network: NetworkDocument, looked: readonly string[]): string[] | undefined {
  if (network.numbers <= ALL) return undefined;
  return network.layers
    .filter((layer) => isSmall(network, layer) || layer.operation === 'input' || looked.includes(layer.name))
    .map((layer) => layer.name);
}
