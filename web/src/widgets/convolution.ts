import Convolution from '../convolution/Convolution.svelte';
import { ConvolutionState } from '../convolution/state.svelte';
import { show } from './frame';
import type { Shown } from './model';

function render({ el }: Shown): () => void {
  return show(el, Convolution, { screen: new ConvolutionState() });
}

export default { render };
