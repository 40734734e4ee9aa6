/** Steps per second that a person can choose. */
export const SPEEDS = [1, 2, 5, 20, 100, 2000] as const;

/** How many steps are due so long after the beginning. */
export function stepsAfter(milliseconds: number, perSecond: number): number {
  return Math.floor((milliseconds * perSecond) / 1000);
}
