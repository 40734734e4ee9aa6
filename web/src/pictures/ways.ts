export const WAYS = ['draw', 'open', 'paste', 'camera', 'sample'] as const;
/** How a picture comes to the page. */
export type Way = (typeof WAYS)[number];
