import type { Sample } from '../api';
import { npyOf } from './npy';

/** Signals to begin with, where a server offers none: of the shape that the network takes, alike in all channels. */
export function ownSignals(shape: readonly number[]): Sample[] {
  const places = shape.at(-1) ?? 1;
  const made = (name: string, at: (place: number) => number): Sample => {
    const count = shape.reduce((product, side) => product * side, 1);
    const values = Float32Array.from({ length: count }, (_, number) => at((number % places) / places));
    return { name: `${name}.npy`, file: npyOf(values, shape) };
  };
  return [
    made('sine', (at) => Math.sin(8 * Math.PI * at)),
    made('step', (at) => (at < 0.5 ? 0 : 1)),
    made('pulse', (at) => (at >= 0.45 && at < 0.55 ? 1 : 0)),
    made('chirp', (at) => Math.sin(32 * Math.PI * at * at)),
  ];
}
