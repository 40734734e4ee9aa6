/** Where an arrow key leads among `count` things in rows of `columns`, of which one has the focus; null for other keys. */
export function led(key: string, at: number, count: number, columns = 1): number | null {
  const row = Math.floor(at / columns);
  const to: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: columns > 1 ? row * columns : 0,
    End: columns > 1 ? Math.min(count, (row + 1) * columns) - 1 : count - 1,
    PageUp: columns > 1 ? at % columns : at - 10,
    PageDown:
      columns > 1 ? Math.floor((count - 1 - (at % columns)) / columns) * columns + (at % columns) : at + 10,
  };
  const next = to[key];
  if (next === undefined) return null;
  if (key.startsWith('Page') && columns === 1) return Math.max(0, Math.min(count - 1, next));
  return next < 0 || next >= count ? at : next;
}
