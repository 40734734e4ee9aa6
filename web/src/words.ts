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

  convolution: {
    title: 'Convolution',
    settings: 'Settings',
    operation: 'What slides over the picture',
    kernel: 'Kernel',
    pool: 'Pool',
    gallery: 'Kernel from the gallery',
    ownKernel: 'own numbers',
    setting: (name: string) => name.replaceAll('_', ' '),
    rows: 'rows',
    columns: 'columns',
    places: 'places',
    planes: 'channels',
    filters: 'filters',
    size: 'Kernel size',
    fewer: (what: string) => `fewer ${what}`,
    more: (what: string) => `more ${what}`,
    kernelCell: (plane: string, row: number, column: number) => `${plane}, row ${row}, column ${column}`,
    asGiven: 'as given: edit any cell',
    asPixels: 'as given: too large to edit here',
    asApplied: 'as applied',
    flip: 'Flip the kernel',
    flipped: 'Convolution: the kernel is turned by half a turn.',
    notFlipped: 'Cross-correlation: the kernel as it is, as in a layer of a CNN.',
    bias: 'Bias',
    biasHint: 'added to every sum; one number for each filter',
    poolKind: 'Kind of pool',
    poolKinds: {
      max: 'maximum',
      average: 'average',
      l2: 'L2 norm',
      'global-max': 'global maximum',
      'global-average': 'global average',
    } as Record<string, string>,
    poolWindow: 'Window',
    poolSaid: (kind: string) => `${kind}: no weights, each channel by itself.`,
    padding: 'Padding',
    paddingKinds: { valid: 'valid', same: 'same', full: 'full', number: 'a number' } as Record<
      string,
      string
    >,
    paddingSaid: {
      valid: 'none: every window lies on the input',
      same: 'the output is as large as the input, divided by the stride',
      full: 'every window that touches the input counts',
    } as Record<string, string>,
    paddingNumber: 'Cells on each side',
    border: 'Values of the padding',
    borders: {
      zeros: 'zeros',
      reflect: 'reflect',
      replicate: 'replicate',
      circular: 'circular',
    } as Record<string, string>,
    borderSaid: {
      zeros: '',
      reflect: 'the input mirrored at its edge, which is not doubled',
      replicate: 'the edge of the input, repeated',
      circular: 'the input again, from its other side',
    } as Record<string, string>,
    stride: 'Stride',
    dilation: 'Dilation',
    down: 'down',
    across: 'across',

    input: 'Input',
    output: 'Output',
    signal: 'signal',
    channel: (number: number) => `channel ${number}`,
    colours: ['red', 'green', 'blue'] as readonly string[],
    filter: (number: number) => `filter ${number}`,
    map: (number: number) => `map ${number}`,
    dimensions: (sizes: readonly number[]) => sizes.join('×'),
    padded: (border: string, said: string, dashed: boolean) =>
      `${dashed ? 'Dashed cells are' : 'The veiled frame is'} padding, ${border}${said && `: ${said}`}.`,
    unpadded: 'No padding.',
    windowKey: 'window',
    paddingKey: 'padding',
    presentKey: 'this step',
    unreachedKey: 'no window reaches it',
    magnified: 'around the window, as numbers',
    inputGrid: (name: string) => `Input, ${name}. Enter brings the window to a cell.`,
    outputGrid: (name: string) => `Output, ${name}. Moving goes to the step of a cell.`,
    inputCell: (place: string, value: string, state: string) => `${place}: ${value}${state && `, ${state}`}`,
    place: (place: readonly number[]) =>
      place.length === 1 ? `place ${place[0]}` : `row ${place[0]}, column ${place[1]}`,
    states: {
      padding: 'padding',
      taken: 'in the window',
      winner: 'the largest in the window',
      uncounted: 'does not count',
      unreached: 'no window reaches it',
      present: 'this step',
      coming: 'not filled yet',
    },
    held: (place: string, value: string, count: number) =>
      count === 0
        ? `The input’s ${place} (${value}) is in no window.`
        : count === 1
          ? `The input’s ${place} (${value}) is in one window: its output has a dark edge.`
          : `The input’s ${place} (${value}) is in ${count.toLocaleString('en')} windows: their outputs have a dark edge.`,
    pointing:
      'Point at a cell of the output to see its window, at a cell of the input to see which outputs use it.',
    unreached: (axis: 'row' | 'column' | 'place', positions: readonly number[]) => {
      const some = positions.slice(0, 12).join(', ');
      const rest = positions.length > 12 ? ` and ${(positions.length - 12).toLocaleString('en')} more` : '';
      return positions.length === 1
        ? `No window reaches ${axis} ${some} of the input (hatched).`
        : `No window reaches ${axis}s ${some}${rest} of the input (hatched).`;
    },

    player: 'Steps',
    first: 'Start',
    back: 'Back',
    play: 'Play',
    pause: 'Pause',
    forward: 'Step',
    last: 'End',
    scrub: 'Which step',
    speed: 'Speed',
    perSecond: (steps: number) => `${steps.toLocaleString('en')} a second`,
    stepShort: (step: number, count: number) =>
      `${step.toLocaleString('en')} of ${count.toLocaleString('en')}`,
    stepOf: (step: number, count: number, place: string) =>
      `step ${step.toLocaleString('en')} of ${count.toLocaleString('en')}: ${place}`,
    announce: (step: number, count: number, place: string, result: string) =>
      `Step ${step.toLocaleString('en')} of ${count.toLocaleString('en')}: the output’s ${place} is ${result}.`,

    arithmetic: (place: string) => `How the output’s ${place} comes about`,
    window: 'window',
    weights: 'kernel as applied',
    paddingBorderIdle: 'of no effect without padding',
    products: 'products',
    sum: 'sum',
    result: 'result',
    biasTerm: 'bias',
    tap: (x: string, w: string, product: string, running: string) =>
      `${x} times ${w} is ${product}; so far ${running}`,
    running: (count: number, all: number, sum: string) =>
      `After ${count} of ${all} products the sum is ${sum}.`,
    tapHint: 'Point at a product to see its number, its weight and the sum so far.',
    manyProducts: (count: number) => `sum of ${count.toLocaleString('en')} products`,
    manyNumbers: (count: number) => `${count.toLocaleString('en')} numbers in the window`,
    winner: (place: string) => `The largest is at the input’s ${place} (green edge).`,
    uncounted: 'Padding is struck through: it does not count.',

    sizeTitle: 'Size of the output',
    sizeOutput: 'output',
    sizeParts: {
      size: 'size of the input',
      before: 'padding before',
      after: 'padding after',
      dilation: 'dilation',
      kernel: 'size of the kernel or window',
      stride: 'stride',
      output: 'size of the output',
    },
    sizeRule: '⌊(size + before + after − dilation·(kernel − 1) − 1) / stride⌋ + 1',
    lastGood: 'What is shown is what was computed last.',
    nothing: 'Nothing is computed yet.',
  },

  chain: {
    title: 'What follows',
    empty: 'Nothing follows. Add a stage to see what a network does with the output.',
    add: 'Add',
    names: {
      relu: 'ReLU',
      'batch-norm': 'batch norm',
      pool: 'pool',
      flatten: 'flatten',
      linear: 'linear',
      softmax: 'softmax',
    } as Record<string, string>,
    explained: {
      relu: 'max(0, x): what is negative becomes 0.',
      'batch-norm': 'each map less its mean, divided by its standard deviation; then times gamma, plus beta.',
      pool: 'one number for each window.',
      flatten: 'all numbers in one row: map by map, row by row.',
      linear: 'each output is a sum of all inputs, each times its weight.',
      softmax: 'e to the power of each number, divided by their sum: shares that sum to 1.',
    } as Record<string, string>,
    up: (name: string) => `Move ${name} up`,
    down: (name: string) => `Move ${name} down`,
    remove: (name: string) => `Remove ${name}`,
    weights: 'Weights, a row for each output',
    rowsOfWeights: 'Weights: a row for each output, rows apart by ";"',
    outputs: 'outputs',
    biases: 'biases, one for each output',
    fit: (inputs: number) => `Fit the weights to ${inputs.toLocaleString('en')} inputs`,
    place: (position: readonly number[]) =>
      position.length === 1
        ? `number ${position[0]}`
        : position.length === 2
          ? `map ${position[0]}, place ${position[1]}`
          : `map ${position[0]}, row ${position[1]}, column ${position[2]}`,
    grid: (name: string, map: string) => `${name}, ${map}`,
    own: 'mean and variance of the map itself',
    gamma: 'gamma',
    beta: 'beta',
    mean: 'mean',
    variance: 'variance',
    stage: (number: number, name: string) => `${number}. ${name}`,
    cell: (place: string, value: string) => `${place}: ${value}`,
    vector: 'numbers',
  },

  network: {},

  why: {},

  widgets: {},
} as const;
