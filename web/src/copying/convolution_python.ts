import { SAMPLE_PHOTO } from '../pictures/photo';
import { biasOf, DEFAULTS, isFile, isSignal, type ConvolutionAddress } from './asked';
import { chainPython } from './chain_python';
import { poolCall, poolOf, poolSteps } from './pool_python';
import {
  pythonCall,
  pythonList,
  pythonPerAxis,
  pythonNumber,
  pythonString,
  type Nested,
} from './python_text';
import { isTyped, typedNumbers, type Plane } from './typed';

/** What the picture of an address is to `ops`. */
interface Given {
  lines: string[];
  imports: string[];
  channels: boolean; // whether its first axis is one of channels
  rank: 1 | 2;
}

/** A script that computes and prints what the screen shows. */
export function convolutionPython(told: ConvolutionAddress, pictureName: string): string {
  const given = picture(told, pictureName);
  const kernel = told.kernel ? kernelOf(told.kernel, given.rank) : null;
  const layer = kernel !== null && kernel.layer;
  const pool = poolOf(told.pool);
  const apart = given.channels && !layer; // each channel by itself
  const lines = [...given.lines];
  if (layer && !given.channels) lines.push('picture = [picture]  # one channel');
  if (kernel) lines.push(`kernel = ${kernel.text}`);
  const one = apart ? 'channel' : 'picture';
  const call =
    kernel || !pool
      ? pythonCall('ops.steps', [one, 'kernel', ...settings(told, layer, kernel?.filters ?? 1)])
      : pythonCall('ops.pool_steps', [one, ...poolSteps(pool, given.rank, one), ...sliding(told)]);
  lines.push(apart ? `steps = [${call} for channel in picture]` : `steps = ${call}`);
  const results = apart ? 'np.stack([one.output() for one in steps])' : 'steps.output()';
  const chain = chainPython(told.then, given.rank, apart || layer);
  const stages = [...(kernel && pool ? [poolCall(pool, given.rank)] : []), ...chain];
  lines.push(...['', `output = ${results}`, ...stages, 'print(output)']);
  if (told.at) lines.push(`print(${stepAt(told.at, given.rank, apart, layer)}.equation())`);
  const uses = lines.some((line) => line.includes('np.'));
  const imports = [
    ...(uses ? ['import numpy as np', ''] : []),
    'from convscope import ops',
    ...given.imports,
  ];
  return `${[...imports, '', ...lines].join('\n')}\n`;
}

function picture({ picture: code, grey, crop }: ConvolutionAddress, pictureName: string): Given {
  const part = crop ? [slices(crop, isFile(code) || (typedNumbers(code)[0]?.length ?? 0) > 1)] : [];
  if (isFile(code)) {
    const sample = code === SAMPLE_PHOTO;
    const file = sample ? 'sample_photo()' : pythonString(pictureName);
    return {
      imports: [
        'from convscope.data.pictures import read_picture',
        ...(sample ? ['from convscope.sample import sample_photo'] : []),
      ],
      lines: [
        `picture = np.moveaxis(np.atleast_3d(read_picture(${file})${grey ? '.convert("L")' : ''}), -1, 0)  # channels first`,
        ...part,
      ],
      channels: true,
      rank: 2,
    };
  }
  const rank = isSignal(code) ? 1 : 2;
  const planes = typedNumbers(code)[0] ?? [];
  const channels = planes.length > 1;
  const nested: Nested = channels ? planes.map((plane) => axes(plane, rank)) : axes(planes[0] ?? [], rank);
  return { imports: [], lines: [`picture = ${pythonList(nested)}`, ...part], channels, rank };
}

/** The part of a picture that --crop takes: row, column, height and width. */
function slices(crop: string, channels: boolean): string {
  const [row, column, height, width] = crop.split(/[x×,]/).map(Number) as [number, number, number, number];
  const rows = `${row}:${row + height}, ${column}:${column + width}`;
  return channels ? `picture = np.array(picture)[:, ${rows}]` : `picture = np.array(picture)[${rows}]`;
}

function kernelOf(text: string, rank: 1 | 2): { text: string; layer: boolean; filters: number } {
  if (!isTyped(text)) {
    const [name, ...numbers] = text.split(':');
    const called = pythonCall('ops.kernel', [pythonString(name!), ...numbers.map(pythonNumber)]);
    return { text: called, layer: false, filters: 1 };
  }
  const filters = typedNumbers(text);
  const layer = filters.length > 1 || filters.some((planes) => planes.length > 1);
  const nested: Nested = layer
    ? filters.map((planes) => planes.map((plane) => axes(plane, rank)))
    : axes(filters[0]?.[0] ?? [], rank);
  return { text: pythonList(nested), layer, filters: filters.length };
}

/** A plane with as many axes as the picture: a signal's has one. */
function axes(plane: Plane, rank: 1 | 2): Nested {
  return rank === 1 ? (plane[0] ?? []) : plane;
}

function settings(told: ConvolutionAddress, layer: boolean, filters: number): string[] {
  const numbers = biasOf(told.bias);
  const all = layer && numbers.length === 1 ? Array<string>(filters).fill(numbers[0]!) : numbers;
  const bias = numbers.length ? [`bias=${layer ? pythonList(all) : pythonNumber(numbers[0]!)}`] : [];
  return [...bias, ...(told.flip ? ['flip=True'] : []), ...sliding(told)];
}

/** Padding, stride, dilation and border, where they are not the usual ones. */
function sliding(told: ConvolutionAddress): string[] {
  return (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[])
    .filter((key) => told[key] && told[key] !== DEFAULTS[key])
    .map((key) => {
      const name = /^[a-z]/.test(told[key]);
      return `${key}=${name ? pythonString(told[key]) : pythonPerAxis(told[key])}`;
    });
}

function stepAt(at: string, rank: 1 | 2, apart: boolean, layer: boolean): string {
  const place = at.split(/[x×,]/).map((word) => pythonNumber(word.trim()));
  const map = place.length > rank ? place.shift()! : '0';
  if (apart) return `steps[${map}].at(${place.join(', ')})`;
  return `steps.at(${[...(layer ? [map] : []), ...place].join(', ')})`;
}
