import type { Values } from '../app/address';

/** The words are those of `convscope conv`: an address of the screen reads as its command does. */
export type ConvolutionKey =
  | 'picture' // a sample's name, typed numbers ("1 2; 3 4", channels apart by "/"), or a picture's code
  | 'grey' // "yes", or "": a picture in colour is made grey first
  | 'crop' // row,column,height,width of the part that is taken, or ""
  | 'kernel' // a name with settings (gaussian:2) or typed numbers; "" where a pool stands alone
  | 'pool' // max:2, average:3x3:1, l2:2, global-max; "" for none
  | 'padding' // valid, same, full, 1 or 1,2
  | 'stride'
  | 'dilation'
  | 'border'
  | 'flip' // "yes", or ""
  | 'bias'
  | 'then' // relu | batch-norm | max:2 | flatten | linear:... | softmax
  | 'at'; // row,column of the output, or place; after a filter's number where there are several

export const INITIAL: Values<ConvolutionKey> = {
  picture: '1 2 3; 4 5 6; 7 8 9',
  grey: '',
  crop: '',
  kernel: '1 0; 0 -1',
  pool: '',
  padding: 'valid',
  stride: '1',
  dilation: '1',
  border: 'zeros',
  flip: '',
  bias: '',
  then: '',
  at: '',
};
export const DEFAULT_KERNEL = 'sobel-x'; // of the command, where neither kernel nor pool is named
