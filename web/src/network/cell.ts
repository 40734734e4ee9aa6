/** The place of one number of a network, as commands write it: conv2:3:5:7. */
export interface Cell {
  layer: string;
  index: readonly number[];
}

/** The text of a place. */
export function cellText(layer: string, index: readonly number[]): string {
  return [layer, ...index].join(':');
}

/** The place that a text names; a layer's name may hold colons too. Null where no layer has that name. */
export function cellOf(text: string, layers: readonly string[]): Cell | null {
  const parts = text.trim().split(':');
  for (let cut = parts.length; cut > 0; cut--) {
    const layer = parts.slice(0, cut).join(':');
    if (!layers.includes(layer)) continue;
    const index = parts.slice(cut).map(Number);
    return index.every((at) => Number.isInteger(at) && at >= 0) ? { layer, index } : null;
  }
  return null;
}
