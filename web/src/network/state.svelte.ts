import type { Values } from '../app/address';

export type NetworkKey =
  | 'model' // as a command names it: starter, runs/..., untrained:simple-cnn-4-8
  | 'picture' // a picture's code; "" for the first sample
  | 'layer' // the layer that is open
  | 'cell' // the number that is open: conv2:3:5:7
  | 'path' // the cells that led to it, apart by spaces
  | 'shift'; // of the picture by the arrow keys: rows down, columns right

export const INITIAL: Values<NetworkKey> = {
  model: 'starter',
  picture: '',
  layer: '',
  cell: '',
  path: '',
  shift: '0,0',
};

/** The Network screen's state: what its address holds, and what follows from it. */
export class NetworkState {
  address = $state({ ...INITIAL });
}
