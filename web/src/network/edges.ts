import type { LayerNode } from '../api';

export interface Edge {
  from: string;
  to: string;
  d: string; // the path, as SVG writes it
}

/** A line from the lower side of each layer to the upper side of those that take its numbers. */
export function edgesOf(layers: readonly LayerNode[]): Edge[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  return layers.flatMap((to) =>
    [...new Set(to.inputs)].flatMap((name) => {
      const from = byName.get(name);
      return from ? [{ from: name, to: to.name, d: curve(from, to) }] : [];
    }),
  );
}

function curve(from: LayerNode, to: LayerNode): string {
  const [x1, y1] = [from.x + from.width / 2, from.y + from.height];
  const [x2, y2] = [to.x + to.width / 2, to.y];
  if (x1 === x2 && y2 - y1 < from.height) return `M${x1} ${y1}V${y2}`;
  const bend = Math.max(16, Math.min(60, Math.abs(y2 - y1) / 2));
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}
