// The state of a screen is its address: #/convolution?kernel=sobel-x&padding=1. What is as it begins is left out.

export type Screen = 'convolution' | 'network';
export type Values<Key extends string = string> = Record<Key, string>;

/** The screen of an address, and what it says of the screen; the first screen where it names none. */
export function screenOf(hash: string): Screen {
  return hash.startsWith('#/network') ? 'network' : 'convolution';
}

/** The values that an address holds, with those of `initial` for what it leaves out; other names are passed over. */
export function valuesOf<Key extends string>(hash: string, initial: Values<Key>): Values<Key> {
  const query = new URLSearchParams(hash.slice(hash.indexOf('?') + 1 || hash.length));
  const values = { ...initial };
  for (const key of Object.keys(initial) as Key[]) values[key] = query.get(key) ?? initial[key];
  return values;
}

/** The address of a screen. */
export function hashOf<Key extends string>(
  screen: Screen,
  values: Values<Key>,
  initial: Values<Key>,
): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(initial) as Key[])
    if (values[key] !== initial[key]) query.set(key, values[key]);
  const said = String(query).replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%3B', ';');
  return said ? `#/${screen}?${said}` : `#/${screen}`;
}
