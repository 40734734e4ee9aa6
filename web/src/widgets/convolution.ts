import Convolution from '../convolution/Convolution.svelte';
import { ConvolutionState } from '../convolution/state.svelte';
import { show } from './frame';
import type { Shown } from './model';
import { followConvolution } from './of_convolution.svelte';

function render({ model, el }: Shown): () => void {
  const screen = new ConvolutionState();
  const unfollow = followConvolution(model, screen);
  const remove = show(el, Convolution, { screen, compact: true });
  return () => {
    unfollow();
    remove();
  };
}

export default { render };
