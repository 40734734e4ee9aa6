import { http } from '../api';
import Network from '../network/Network.svelte';
import { NetworkState } from '../network/state.svelte';
import { show } from './frame';
import type { Shown } from './model';

function render({ el }: Shown): () => void {
  return show(el, Network, { screen: new NetworkState(), source: http });
}

export default { render };
