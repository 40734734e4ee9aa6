/** Numbers with a shape, row by row, as NumPy lays them out. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
