import { hashOf, screenOf, valuesOf, type Screen, type Values } from './address';

/** A screen whose state an address holds. */
export interface Addressed<Key extends string> {
  address: Values<Key>;
}

/** Keeps a screen's state and the page's address the same, while the address names the screen. Call it in a component. */
export function followAddress<Key extends string>(
  name: Screen,
  screen: Addressed<Key>,
  initial: Values<Key>,
): void {
  const take = () => {
    if (screenOf(location.hash) !== name) return;
    if (location.hash === hashOf(name, screen.address, initial)) return;
    Object.assign(screen.address, valuesOf(location.hash, initial));
  };
  take();
  $effect(() => {
    window.addEventListener('hashchange', take);
    return () => window.removeEventListener('hashchange', take);
  });
  $effect(() => {
    const hash = hashOf(name, screen.address, initial);
    // A step of a screen is no step of the browser's history, and Chromium takes 200 of them in 10 seconds.
    const later = setTimeout(() => {
      if (screenOf(location.hash) === name && location.hash !== hash) history.replaceState(null, '', hash);
    }, 60);
    return () => clearTimeout(later);
  });
}
