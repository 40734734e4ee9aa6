import type { Tensor } from '../core/tensor';

/** A picture, or numbers, that a person drew, opened, pasted, photographed, chose or typed. */
export interface Picture {
  name: string; // the name of the file that the commands speak of: drawing.png, or that of an upload
  kind: 'picture' | 'numbers'; // bytes 0 to 255 of a picture, or numbers as they were typed
  values: Tensor; // (C, rows, columns), or (C, places) of a signal
  file: Uint8Array<ArrayBuffer> | null; // the file's own bytes: what a server gets, and what is saved. None of numbers.
  code: string; // what stands for it in an address; see code.ts. Empty of one that is only sent.
  opened: boolean; // a person chose its file, which lies in one of their folders under this name
}
