/** How one cell of a grid looks. */
export interface Look {
  text: string;
  label: string; // for those who hear the page
  kind?: string; // classes: padding, taken, winner, uncounted, filled, present, coming, held, unreached
}
