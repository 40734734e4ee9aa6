// Every word of the pages, ready for another language: nothing that a person reads stands in a component.
// A sentence with numbers in it is a function. Each part of the page has its own section.
export const words = {
  shell: {
    screens: 'Screens',
    convolution: 'Convolution',
    network: 'Network',
    skip: 'Skip to the content',
    theme: 'Colours',
    themeSystem: 'as the system',
    themeLight: 'light',
    themeDark: 'dark',
  },

  copying: {},

  pictures: {},

  convolution: {},

  chain: {},

  core: {
    tooLarge: (shape: readonly number[], count: number, most: number) =>
      `${times(shape)} are ${count.toLocaleString('en')} numbers, and a page holds ${most.toLocaleString('en')} at once; take a smaller picture, less padding or a larger stride.`,
    doesNotFit: (
      what: 'kernel' | 'pool',
      extents: readonly number[],
      sizes: readonly number[],
      pads: readonly (readonly number[])[],
    ) =>
      `A ${what === 'kernel' ? 'kernel' : 'window'} that reaches over ${times(extents)} does not fit an input of ${times(sizes)}${padded(pads)}; take a larger input, more padding or a smaller ${what === 'kernel' ? 'kernel' : 'window'}.`,
    seesNothing: (
      extents: readonly number[],
      sizes: readonly number[],
      pads: readonly (readonly number[])[],
    ) =>
      `With an input of ${times(sizes)}${padded(pads)} a window that reaches over ${times(extents)} would see nothing but padding; take less padding.`,
    unknownBorder: (border: string, known: readonly string[]) =>
      `There is no border “${border}”; there are ${known.join(', ')}.`,
    borderTooWide: (border: string, pads: readonly (readonly number[])[], sizes: readonly number[]) =>
      `An input of ${times(sizes)} is too small to be continued by ${border}${padded(pads)}; replicate and zeros have no such limit.`,
    wrongSetting: (what: 'stride' | 'dilation', values: readonly number[], rank: number) =>
      `The ${what} is a whole number from 1${rank > 1 ? ', or one down and one across such as 1,2' : ''}, not ${values.join(',')}.`,
    unknownPadding: (padding: string, known: readonly string[]) =>
      `There is no padding “${padding}”; there are ${known.join(', ')}, or a whole number from 0.`,
    wrongPadding: (sides: readonly number[], rank: number) =>
      `The padding is a whole number from 0${rank > 1 ? ', or one down and one across such as 1,2' : ''}, not ${sides.join(',')}.`,
    noStep: (position: readonly number[], shape: readonly number[]) =>
      `The output has no place ${position.join(',')}: it has ${times(shape)} numbers, counted from 0.`,
    shapesApart: (input: readonly number[], kernel: readonly number[]) =>
      `An input of ${times(input)} and a kernel of ${times(kernel)} do not go together: a signal takes one row, a picture rows and columns.`,
    wrongBias: (filters: number, given: number) =>
      `The bias is one number for each filter: ${filters}, not ${given}.`,
    wrongGroups: (groups: number, channels: number, filters: number) =>
      `${groups} groups do not divide ${channels} channels and ${filters} filters evenly.`,
    wrongPlanes: (planes: number, groups: number, channels: number) =>
      `A filter of ${planes} ${planes === 1 ? 'plane' : 'planes'}${groups > 1 ? ` in ${groups} groups` : ''} does not fit an input of ${channels} ${channels === 1 ? 'channel' : 'channels'}; a filter has one plane for each channel, apart by “/”.`,
    unknownName: (
      what: 'pool' | 'kernel' | 'stage',
      name: string,
      near: string | null,
      known: readonly string[],
    ) => `There is no ${what} “${name}”${near ? `: is ${near} meant?` : '.'} There are ${known.join(', ')}.`,
    wrongPool: (text: string) =>
      `“${text}” is no pool; a pool is max, average or lp with a window and maybe a stride, such as max:2 or average:3x3:1, or global-max or global-average.`,
    poolTakesMaps: (shape: readonly number[]) =>
      `A pool takes a signal or a picture, and not numbers of the shape ${times(shape)}.`,
    poolHasTwoAxes: (text: string) =>
      `The pool ${text} has numbers for two axes, and a signal has one; write one each.`,
    globalTakesAll: (text: string) => `${text} takes the whole map; it has no padding and no dilation.`,
  },

  kernels: {},

  network: {},

  why: {},

  widgets: {},
} as const;

function times(sizes: readonly number[]): string {
  return sizes.join('×');
}

/** How much padding there is, where there is some. */
function padded(pads: readonly (readonly number[])[]): string {
  if (pads.flat().every((side) => side === 0)) return '';
  return ` with padding ${pads.map(([before, after]) => (before === after ? `${before}` : `${before} and ${after}`)).join(', ')}`;
}
