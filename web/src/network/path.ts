import type { LayerNode } from '../api';
import { cellOf } from './cell';

/** Whether each of the cells is a number of the network, in the layer of the one before it or in one that leads there. */
export function isPath(cells: readonly string[], layers: readonly LayerNode[]): boolean {
  const names = layers.map(({ name }) => name);
  const known = cells.map((text) => cellOf(text, names));
  return known.every((cell, at) => {
    const layer = layers.find(({ name }) => name === cell?.layer);
    if (!cell || !layer) return false;
    const next = known[at + 1];
    const last = at === known.length - 1; // the open cell, of which the server says whether it is there
    return last || (isIn(cell.index, layer.shape) && (!next || below(layer.name, layers).has(next.layer)));
  });
}

function isIn(index: readonly number[], shape: readonly number[]): boolean {
  return index.length === shape.length && index.every((at, axis) => at < (shape[axis] as number));
}

/** The layers that a layer is computed from, and itself. */
function below(name: string, layers: readonly LayerNode[]): Set<string> {
  const found = new Set([name]);
  for (const layer of [...layers].reverse())
    if (found.has(layer.name)) layer.inputs.forEach((one) => found.add(one));
  return found;
}
