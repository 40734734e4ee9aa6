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

  network: {
    title: 'Network',
    model: 'Network',
    kinds: {
      starter: 'Comes along',
      run: 'Runs',
      bundle: 'Bundles',
      net: 'Nets of the catalogue, untrained',
    },
    another: 'Another bundle: convscope studio PATH',
    save: 'Save as SVG',
    still: (model: string) => `Still shown: ${model}.`,
    macs: (macs: string) => `${macs} MACs`,
    opening: (model: string) => `Opening ${model} …`,

    picture: 'Picture',
    signal: 'Signal',
    shown: 'The picture as it was given',
    sample: 'Sample',
    openSignal: 'Open a file (.npy)',
    noFile: 'A network takes pictures, not typed numbers; draw one, open a file or choose a sample.',
    noSignal:
      'This network takes a signal, which this browser does not keep; choose a sample, or open a file.',
    shift: 'Shift',
    shiftLabel: 'Shift the picture; arrow keys move it by a pixel',
    left: 'One pixel to the left',
    right: 'One pixel to the right',
    up: 'One pixel up',
    downwards: 'One pixel down',
    unshift: 'Back',
    shifted: (down: number, right: number) => {
      const parts = [
        down ? `${Math.abs(down)} ${down > 0 ? 'down' : 'up'}` : '',
        right ? `${Math.abs(right)} ${right > 0 ? 'right' : 'left'}` : '',
      ].filter(Boolean);
      return parts.length ? parts.join(', ') : 'not shifted';
    },

    prediction: 'Prediction',
    predicted: (label: string, share: string) => `Prediction: ${label}, ${share}`,
    probabilities: 'Probabilities of all classes',
    whyClass: (label: string) => `Why this probability of ${label}?`,
    untrained: 'Untrained: its weights are those of a beginning, so this means nothing.',

    seen: 'What the network sees',
    inputLabel: (name: string) => `${name}, the numbers that enter`,
    colours: ['red', 'green', 'blue'],
    range: (low: string, high: string) => `from ${low} to ${high}`,
    steps: 'How the picture became these numbers',
    lit: 'What the open number sees of it.',
    seesAll: 'The open number sees all of it.',
    seesNothing: 'The open number sees only padding.',
    invert: 'Turn light and dark round',
    numbers: 'All numbers',
    tooMany: 'There are too many to write out: point at the picture to read one.',

    graph: (net: string) => `Layers of ${net}, from the input to the prediction`,
    nodeShort: (parameters: string, sees: string | null) =>
      `${parameters ? `${parameters} par., ` : ''}sees ${sees ?? 'all'}`,
    node: (name: string, kind: string, shape: string, parameters: string, sees: string | null) =>
      `${name}, ${kind}, output ${shape}${parameters ? `, ${parameters} parameters` : ''}, sees ${
        sees ?? 'all'
      } of the input`,

    layerLine: (shape: string, parameters: string, macs: string, sees: string | null) =>
      `Output ${shape}${parameters ? `, ${parameters} parameters` : ''}${macs ? `, ${macs} MACs` : ''}. Each number sees ${
        sees ? `${sees} of the input` : 'the whole input'
      }.`,
    own: 'Each map with its own colours',
    hint: 'Choose a number to see its arithmetic. Arrow keys move in a map, Ctrl with an arrow key to another map.',
    fetching: (layer: string) => `The numbers of ${layer} are on their way …`,
    noLayer: (layer: string, model: string) => `${model} has no layer “${layer}”; choose one in the drawing.`,
    scaleOf: (layer: string) => `Colours of ${layer}`,
    mapsLabel: (layer: string) => `Numbers of ${layer}`,
    mapLabel: (layer: string, channel: number) => `${layer}, channel ${channel}`,
    pages: 'Pages of maps',
    before: '← Before',
    after: 'Next →',
    mapsOf: (first: number, last: number, all: number) => `channels ${first} to ${last} of ${all}`,
  },

  why: {
    close: 'Close',
    class: (label: string) => `class ${label}`,
    through: (layers: readonly string[]) => `Through ${layers.join(', ')}.`,
    path: 'The way from the first number to this one',
    open: (cell: string) => `Open ${cell}`,
    next: (cell: string) => `Follow the largest: ${cell}`,
    down: 'Follow the largest down to the input',
    inWords: 'In words',
    corner: (axes: readonly { first: number; last: number; apart: number }[], layer: string) => {
      const names = axes.length === 2 ? ['row', 'column'] : ['place'];
      const parts = axes.map(({ first, last, apart }, axis) =>
        first === last
          ? `${names[axis]} ${first}`
          : `${names[axis]}s ${first} to ${last}${apart > 1 ? ` by ${apart}` : ''}`,
      );
      return `Window on ${layer}${parts.length ? `: ${parts.join(', ')}` : ''}`;
    },
    channel: 'Channel',
    adds: (channel: number, sum: string) => `${channel}, adds ${sum}`,
    map: (layer: string, channel: number) => `The window on ${layer}, channel ${channel}`,
    numbers: (channel: string) => `numbers of ${channel}`,
    weights: 'weights',
    weightsWith: (norms: string) => `weights with ${norms}`,
    products: (sum: string) => `products, sum ${sum}`,
    largest: 'The largest terms',
    from: 'Made of',
    value: 'value',
    weight: 'weight',
    rest: (count: string) => `${count} more`,
    headings: {
      products: { place: 'number', adds: 'product' },
      exponentials: { place: 'number', adds: 'exponential' },
      factors: { place: 'factor', adds: '' },
      branches: { place: 'branch', adds: '' },
      'parts of the mean': { place: 'number', adds: 'of the mean' },
      summands: { place: 'number', adds: 'adds' },
    },
    folded: (norm: string, into: string) => `Batch norm ${norm}, folded into ${into}`,
    alone: (norm: string) => `Batch norm ${norm}`,
    scale: 'scale',
    bias: 'bias',
    steps: 'Step by step',
    step: 'Step',
    takes: 'Takes',
    result: 'Result',
    network: 'the network’s own',
    agrees: 'agrees',
    differs: 'does not agree',
    exactly: ': the same number',
    difference: (by: string) => `: the difference is ${by}`,
  },

  widgets: {},
} as const;
