import { mount, unmount, type Component } from 'svelte';
import theme from '../app/theme.css?inline';
import { followColours } from './colours';

/**
 * A screen in a notebook, in a shadow tree: no style of the notebook reaches it, and none of its own gets out. Gives what
 * takes it away.
 */
export function show<Properties extends Record<string, unknown>>(
  el: HTMLElement,
  screen: Component<Properties>,
  props: Properties,
): () => void {
  const host = document.createElement('div');
  host.className = 'convscope';
  // JupyterLab has keys of its own where nothing is edited: arrows, Enter, a, b, d d, ...
  host.dataset.lmSuppressShortcuts = 'true';
  for (const name of ['keydown', 'keyup', 'keypress', 'paste'])
    host.addEventListener(name, (event) => event.stopPropagation());
  const root = host.attachShadow({ mode: 'open' });
  const style = document.createElement('style');
  style.textContent = theme;
  const body = document.createElement('div');
  body.className = 'body';
  root.append(style, body);
  el.append(host);
  const unfollow = followColours(document, (colours) => {
    if (colours) host.dataset.theme = colours;
    else delete host.dataset.theme;
  });
  const shown = mount(screen, { target: body, props });
  return () => {
    unfollow();
    void unmount(shown);
    host.remove();
  };
}
