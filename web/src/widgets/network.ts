import Network from '../network/Network.svelte';
import { NetworkState } from '../network/state.svelte';
import { show } from './frame';
import type { Shown } from './model';
import { followNetwork } from './of_network.svelte';
import { kernel } from './source';

function render({ model, el }: Shown): () => void {
  const screen = new NetworkState();
  const source = kernel(model);
  const unfollow = followNetwork(model, screen);
  const remove = show(el, Network, { screen, source, compact: true });
  return () => {
    unfollow();
    remove();
    source.close();
  };
}

export default { render };
