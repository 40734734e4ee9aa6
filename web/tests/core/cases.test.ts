// @vitest-environment node
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { padded } from '../../src/core/border';
import { chain } from '../../src/core/chain';
import { convolution, convolutionOfEach } from '../../src/core/convolution';
import { filtered, mapsOf } from '../../src/core/filtering';
import { outputSize, unreached, type Pair, type Window } from '../../src/core/geometry';
import { readKernel } from '../../src/core/kernel_text';
import { KERNELS } from '../../src/core/kernels';
import { typedNumbers, typedPicture } from '../../src/core/matrix_text';
import { plain, spelled } from '../../src/core/number_text';
import { poolText, readPool } from '../../src/core/pool_text';
import { pool } from '../../src/core/pooling';
import { readBias, readSettings } from '../../src/core/settings_text';
import { sizeFormula } from '../../src/core/size_formula';
import { CoreError, type Border, type Settings, type Step, type Walk } from '../../src/core/sliding';
import { at, tensor, type Tensor } from '../../src/core/tensor';
import { words } from '../../src/words';

const written = (parts: readonly { text: string }[]) => parts.map(({ text }) => text).join('');

// What convscope.ops gives: tests/studio/test_core.py makes the cases, runs this file and says where they are.
const path = process.env.CONVSCOPE_CASES;

interface Numbers {
  shape: number[];
  data: number[];
}
interface SlidingGiven extends Settings {
  input: Numbers;
  kernel: Numbers;
  bias: number[] | null;
  flip: boolean;
  channels: boolean;
  groups: number;
}
type ExpectedStep = Partial<Record<string, unknown>> & { position: number[] };
interface ExpectedWalk {
  shape: number[];
  pads: Pair[];
  output: Numbers;
  unreached: number[][];
  sizes: string[];
  steps: ExpectedStep[];
}

const tensorOf = ({ shape, data }: Numbers) => tensor(shape, data);
const slidingOf = ({ padding, stride, dilation, border, bias, flip }: SlidingGiven) => ({
  ...{ padding, stride, dilation, border, bias, flip },
});

/** Equal up to the rounding of sums in another order. */
function same(given: Tensor, expected: Numbers, what: string): void {
  expect(given.shape, what).toEqual(expected.shape);
  const most = Math.max(1, ...expected.data.map(Math.abs));
  expected.data.forEach((number, place) => {
    const off = Math.abs(given.data[place]! - number);
    if (!(off <= 1e-11 * most)) expect.fail(`${what}: ${given.data[place]} at ${place}, ops has ${number}`);
  });
}

const inARow = (numbers: number | readonly number[]) => {
  const data = [numbers].flat();
  return { shape: [data.length], data };
};

function sameStep(step: Step, expected: ExpectedStep): void {
  for (const [key, wanted] of Object.entries(expected)) {
    const given = step[key as keyof Step] as unknown;
    if (['window', 'kernel', 'products', 'running'].includes(key))
      same(given as Tensor, wanted as Numbers, key);
    else if (['channelSums', 'result'].includes(key))
      same(tensorOf(inARow(given as number)), inARow(wanted as number), key);
    else expect(given, key).toEqual(wanted);
  }
}

function sameWalk(walk: Walk, expected: ExpectedWalk): void {
  expect(walk.shape).toEqual(expected.shape);
  expect(walk.pads).toEqual(expected.pads);
  same(walk.output, expected.output, 'output');
  expect(walk.axes.map((axis) => axis.unreached)).toEqual(expected.unreached);
  expect(walk.axes.map((axis) => written(sizeFormula(axis)))).toEqual(expected.sizes);
  for (const step of expected.steps) sameStep(walk.step(step.position), step);
}

/** Each computes from what is given, where it may refuse, and then compares with what is expected. */
const KINDS = {
  convolution(given: SlidingGiven) {
    const { channels, groups } = given;
    const options = { ...slidingOf(given), channels, groups };
    const walk = convolution(tensorOf(given.input), tensorOf(given.kernel), options);
    return (expected: ExpectedWalk) => sameWalk(walk, expected);
  },
  each(given: SlidingGiven) {
    const walk = convolutionOfEach(tensorOf(given.input), tensorOf(given.kernel), slidingOf(given));
    return (expected: ExpectedWalk) => sameWalk(walk, expected);
  },
  pool(given: SlidingGiven & { pool: string }) {
    const { padding, stride, dilation, border, channels } = given;
    const settings = { padding, dilation, border, channels, ...(stride ? { stride } : {}) };
    const walk = pool(tensorOf(given.input), readPool(given.pool), settings);
    return (expected: ExpectedWalk) => sameWalk(walk, expected);
  },
  border({ input, pads, border }: { input: Numbers; pads: Pair[]; border: Border }) {
    const wide = padded(tensorOf(input), pads, border);
    return (expected: Numbers) => same(wide, expected, 'padded');
  },
  geometry({ size, pads, ...window }: Window & { size: number; pads: Pair }) {
    const told = { output: outputSize(size, window, pads), unreached: unreached(size, window, pads) };
    return (expected: typeof told) => expect(told).toEqual(expected);
  },
  numbers(given: number[]) {
    const told = given.map((number) => [plain(number), spelled(number)]);
    return (expected: string[][]) => expect(told).toEqual(expected);
  },
  matrix({ text }: { text: string }) {
    const typed = typedNumbers(text, 'picture');
    return (expected: Numbers | null) => (expected ? same(typed!, expected, text) : expect(typed).toBeNull());
  },
  kernel({ text, rank }: { text: string; rank: number }) {
    const kernel = readKernel(text, rank);
    return (expected: Numbers) => same(kernel, expected, text);
  },
  gallery() {
    const told = KERNELS.map(({ name, settings }) => [
      name,
      words.kernels[name],
      settings.map((setting) => [setting.name, setting.initial]),
    ]);
    return (expected: unknown) => expect(told).toEqual(expected);
  },
  poolText({ text }: { text: string }) {
    const told = poolText(readPool(text));
    return (expected: string) => expect(told).toBe(expected);
  },
  chain({ input, text }: { input: Numbers; text: string }) {
    const results = chain(tensorOf(input), text);
    return (expected: { output: Numbers; equations: Record<string, string | null> }[]) => {
      expect(results.length).toBe(expected.length);
      results.forEach((result, stage) => {
        const { output, equations } = expected[stage]!;
        same(result.output, output, text);
        for (const [written, equation] of Object.entries(equations)) {
          const explained = result.explain(written.split(',').map(Number));
          if (equation !== null) expect(explained.equation).toBe(equation);
          for (const { position, value } of explained.terms) expect(at(result.input, position)).toBe(value);
        }
      });
    };
  },
  filtered(given: SlidingGiven) {
    const walk = filtered(tensorOf(given.input), tensorOf(given.kernel), slidingOf(given));
    return (expected: Numbers) => same(mapsOf(walk), expected, 'maps');
  },
  written(given: Record<string, string> & Parameters<typeof readSettings>[0]) {
    const picture = typedPicture(given.picture!)!;
    const walk = filtered(picture, readKernel(given.kernel!, picture.shape.length - 1), {
      ...readSettings(given),
      bias: readBias(given.bias!),
    });
    const maps = mapsOf(walk);
    const end = chain(maps, given.then!).at(-1)?.output ?? maps;
    return (expected: Numbers) => same(end, expected, 'end');
  },
};

interface Case {
  name: string;
  given: never;
  expected: { error?: string } | null;
}

/** What is wrong with a case; nothing where core and ops agree, in refusing it too. */
function difference(kind: keyof typeof KINDS, { given, expected }: Case): string | null {
  const refusedByOps = expected?.error;
  let compare: (expected: never) => void;
  try {
    compare = KINDS[kind](given);
  } catch (error) {
    if (error instanceof CoreError && refusedByOps) return null;
    return `refused: ${error}`;
  }
  if (refusedByOps) return `ops refuses it: ${refusedByOps}`;
  try {
    compare(expected as never);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

if (path) {
  const cases = JSON.parse(readFileSync(path, 'utf-8')) as Record<keyof typeof KINDS, Case[]>;
  test.each(Object.keys(KINDS) as (keyof typeof KINDS)[])('%s as in ops', (kind) => {
    expect(cases[kind].length).toBeGreaterThan(0);
    const wrong = cases[kind].flatMap((one) => {
      const found = difference(kind, one);
      return found === null ? [] : [`${one.name}: ${found}`];
    });
    expect(wrong).toEqual([]);
  });
} else test.skip('the cases of convscope.ops: tests/studio/test_core.py makes them and runs this file');
