import { createSubscriber } from 'svelte/reactivity';
import type { Ground } from './scale';

// A canvas takes its colours from a table, not from CSS: it has to know whether it stands on light or on dark ground,
// and to hear when that changes. One watch serves all of a page's canvases.
const watch = createSubscriber((update) => {
  const system = window.matchMedia?.('(prefers-color-scheme: dark)');
  const page = new MutationObserver(update);
  for (const element of [document.documentElement, document.body])
    page.observe(element, { attributes: true });
  system?.addEventListener('change', update);
  return () => {
    page.disconnect();
    system?.removeEventListener('change', update);
  };
});

/** The ground that an element stands on; read in an effect or a derived value, it is read again when it changes. */
export function groundOf(element: Element): Ground {
  watch();
  const ink =
    getComputedStyle(element)
      .color.match(/[\d.]+/g)
      ?.map(Number) ?? [];
  const [red = 0, green = 0, blue = 0] = ink;
  return red + green + blue > 384 ? 'dark' : 'light'; // light ink is on dark ground
}
