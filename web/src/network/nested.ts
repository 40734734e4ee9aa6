/** Numbers as the document of a window has them, nested by axis, with their shape; null is what JSON has no number for. */
export interface Nested<Value> {
  shape: readonly number[];
  flat: readonly Value[];
}

/** Nested lists as one list, and their shape. */
export function flattened<Value>(lists: unknown): Nested<Value> {
  const shape: number[] = [];
  for (let at = lists; Array.isArray(at); at = at[0]) shape.push(at.length);
  return { shape, flat: (Array.isArray(lists) ? lists.flat(Infinity) : [lists]) as Value[] };
}
