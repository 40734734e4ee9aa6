// Every word of the pages, ready for another language: nothing that a person reads stands in a component.
// A sentence with numbers in it is a function. Each part of the page has its own section.
export const words = {
  shell: {
    screens: 'Screens',
    convolution: 'Convolution',
    network: 'Network',
    skip: 'Skip to the content',
    theme: 'Colours',
    themeSystem: 'system',
    themeLight: 'light',
    themeDark: 'dark',
  },

  copying: {
    section: 'Take it with you',
    copyCommand: 'Copy as command',
    copyPython: 'Copy as Python',
    theCommand: 'the command',
    thePython: 'the Python text',
    copied: (what: string) => `Copied ${what}.`,
    selected: (what: string) =>
      `This page may not use the clipboard, so ${what} is selected: press Ctrl+C (⌘C) to copy it.`,
    peek: 'See the texts',
    commandTitle: 'Command',
    pythonTitle: 'Python',
    needsFile: (name: string) =>
      `Both read ${name}, which only this page has. Save it into the folder where you run them.`,
    saveFile: (name: string) => `Save ${name}`,
  },

  answers: {
    gone: 'The studio does not answer. Start it again with `convscope studio`, and open the address that it prints.',
    garbled: 'What the studio answered cannot be read. Load this page again.',
    failed: (status: number) =>
      `The studio answered with error ${status}, and no reason. Load this page again.`,
    noAccess: 'The studio does not know this page. Open the address that `convscope studio` printed.',
    noFile: 'A network takes a picture; these are numbers that were typed.',
  },

  pictures: {
    map: 'map',
    colours: 'Colours',
    cell: (row: number, column: number, number: string) => `${number} at row ${row}, column ${column}`,
    bar: (label: string, low: string, high: string) => `${label}: from ${low} to ${high}`,
    chooser: 'Where the picture comes from',
    ways: { draw: 'Draw', open: 'Open', paste: 'Paste', camera: 'Camera', sample: 'Samples' },

    pad: (rows: number, columns: number) => `Drawing, ${rows} by ${columns} pixels`,
    padKeys:
      'Arrow keys move the pen, with Shift four pixels at a time; the space bar puts it down and lifts it; Delete clears; Ctrl+Z takes a stroke back.',
    tools: 'Drawing tools',
    pen: 'Pen',
    eraser: 'Eraser',
    width: 'Width',
    undo: 'Undo',
    redo: 'Redo',
    clear: 'Clear',
    reading: 'Reading the picture…',
    penAt: (row: number, column: number, down: boolean, erases: boolean) =>
      `row ${row}, column ${column}, ${erases ? 'eraser' : 'pen'} ${down ? 'down' : 'up'}`,

    open: 'Choose a file…',
    drop: 'or drop one here: PNG, JPEG, WebP, GIF',
    dropNumbers: 'or drop one here: PNG, JPEG, WebP, GIF, or numbers as .csv',
    pasteHere: 'Paste a picture here',
    pasteNumbersHere: 'Paste a picture, or type numbers',
    pasteHint: 'Rows apart by “;” or new lines, numbers by spaces or commas, channels by “/”.',
    use: 'Use these numbers',

    cameraStart: 'Start the camera',
    cameraTake: 'Take the picture',
    cameraStop: 'Stop',
    cameraPreview: 'What the camera sees',
    cameraAsked: 'The browser asks whether this page may use the camera.',

    sampleNames: {
      photo: 'Photo',
      numbers: '1 to 9',
      cross: 'Cross',
      edge: 'Edge',
      stripes: 'Stripes',
      checkerboard: 'Checkerboard',
      gradient: 'Gradient',
      disc: 'Disc',
      rings: 'Rings',
      discs: 'Three colours',
      seven: 'A seven',
      three: 'A three',
      'noisy-step': 'Noisy step',
      sine: 'Sine',
    } as Record<string, string>,
    samples: 'Samples',

    errors: {
      empty: (name: string) => `${name} is empty; choose another file.`,
      noPicture: (name: string) =>
        `${name} is not a picture that this browser can read; save it as PNG or JPEG and choose it again.`,
      damaged: (name: string) => `${name} ends early or is damaged; save it again from where it came from.`,
      large: (name: string, columns: number, rows: number, most: number) =>
        `${name} has ${columns} × ${rows} pixels, and the page reads up to ${most / 1e6} million; make it smaller first.`,
      heavy: (name: string, most: number) =>
        `${name} is larger than ${most / 1e6} MB, and no larger file is read; make the picture smaller first.`,
      unread: (name: string) =>
        `The browser cannot read ${name || 'what was given'}: it may be a folder, or gone by now; choose a picture file.`,
      failed: (reason: string) => `The picture cannot be taken (${reason}); choose another one.`,
      several: 'These are several files; give one picture.',
      noFile: 'There is no picture in what was given; copy the picture itself, or save it and open the file.',
      noNumbers: (text: string) =>
        `“${text}” is neither a picture nor numbers; type rows apart by “;”, such as 1 2; 3 4.`,
      notHere: 'That is text, and this screen takes pictures; paste a picture, or open its file.',
      noSample: (name: string, known: readonly string[]) =>
        `There is no sample “${name}” here; there are ${known.join(', ')}.`,
      gone: 'This browser does not keep the picture of this address any more; open its file again, or draw a new one.',
      unreadable: 'The address holds a picture that cannot be read; choose one here.',
      cameraRefused:
        'The camera was refused; allow it for this page in the browser’s settings, or open a file instead.',
      cameraMissing: 'No camera was found; connect one, or open a file instead.',
      cameraBusy: 'The camera is used by another program; close that one, and start again.',
      cameraInsecure:
        'A browser offers the camera only to pages of this machine or over HTTPS; open a file instead.',
      camera: (reason: string) => `The camera does not start (${reason}); open a file instead.`,
    },
  },

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
    noNumber: (place: string, text: string) =>
      `${text ? `“${shortened(text)}” in ${place} is no number` : `${place[0]!.toUpperCase()}${place.slice(1)} is empty`}: write one such as 2, -0.5 or 1/4, or press Escape for the one before.`,
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

    grid: 'grid',
    input: 'Input',
    output: 'Output',
    channel: (number: number) => `channel ${number}`,
    colours: ['red', 'green', 'blue'] as readonly string[],
    filter: (number: number) => `filter ${number}`,
    map: (number: number) => `map ${number}`,
    dimensions: (sizes: readonly number[]) => sizes.join('×'),
    padded: (border: string, said: string, dashed: boolean) =>
      `${dashed ? 'Dashed cells are' : 'The veiled frame is'} padding, ${border}${said && `: ${said}`}.`,
    unpadded: 'No padding.',
    magnified: 'around the window, as numbers',
    inputGrid: (name: string) => `Input${name && `, ${name}`}. Enter brings the window to a cell.`,
    outputGrid: (name: string) => `Output${name && `, ${name}`}. Moving goes to the step of a cell.`,
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
    unreached: (axis: 'row' | 'column' | 'place', positions: readonly number[], of: 'input' | 'padding') => {
      const some = positions.slice(0, 12).join(', ').replaceAll('-', '−');
      const rest = positions.length > 12 ? ` and ${(positions.length - 12).toLocaleString('en')} more` : '';
      return `No window reaches ${axis}${positions.length === 1 ? '' : 's'} ${some}${rest} of the ${of} (hatched).`;
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
    tooLarge: 'Ways to a smaller picture',
    makeGrey: 'Make it grey',
    takeMiddle: (most: number) => `Take the middle ${most}×${most}`,
    grey: 'grey: one channel instead of three',
    crop: 'Part: row, column, height, width',
    cropAll: (all: readonly number[]) => `all: ${all.join(',')}`,
    copyingOff: 'There is nothing to copy while something is wrong: mend what is marked above or beside.',
    fitted: (rank: number, before: string, after: string) =>
      rank === 1
        ? `A signal takes a kernel of one row: ${shortened(after)} is taken instead of ${shortened(before)}.`
        : `This is a picture again: the kernel ${shortened(after)} is taken instead of ${shortened(before)}.`,
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
      'batch-norm':
        'each map less its mean, divided by its standard deviation; then times gamma, plus beta. To the variance 0.00001 is added (epsilon), so that nothing is divided by 0.',
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
    laid: (place: string, from: string) => `${place} is ${from}`,
    cell: (place: string, value: string) => `${place}: ${value}`,
    vector: 'numbers',
  },

  core: {
    tooLarge: (shape: readonly number[], count: number, most: number) =>
      `${shape.length > 1 ? `${times(shape)} are` : 'These would be'} ${count.toLocaleString('en')} numbers, and a page holds ${most.toLocaleString('en')} at once; take a smaller picture, less padding or a larger stride.`,
    wrongCrop: (crop: string) =>
      `The part is row, column, height and width of a picture, such as 100,200,8,8, and not “${shortened(crop)}”.`,
    cropBeyond: (crop: string, size: readonly number[]) =>
      `The part ${shortened(crop)} reaches beyond the picture, which has ${times(size)} numbers; rows and columns are counted from 0.`,
    emptyKernelSetting: (name: string, setting: string) =>
      `The ${setting.replaceAll('_', ' ')} of ${name} is empty; write a number.`,
    tooMuchWork: (output: readonly number[], window: readonly number[]) =>
      `Windows of ${times(window)} for each of ${times(output)} numbers would take a page minutes; take a smaller window or picture.`,
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
      `There is no border “${shortened(border)}”; there are ${known.join(', ')}.`,
    borderTooWide: (border: string, pads: readonly (readonly number[])[], sizes: readonly number[]) =>
      `An input of ${times(sizes)} is too small to be continued by ${border}${padded(pads)}; replicate and zeros have no such limit.`,
    wrongSetting: (what: 'stride' | 'dilation', values: readonly number[], rank: number) =>
      `The ${what} is a whole number from 1${rank > 1 ? ', or one down and one across such as 1,2' : ''}, not ${shortened(values.join(','))}.`,
    unknownPadding: (padding: string, known: readonly string[]) =>
      `There is no padding “${shortened(padding)}”; there are ${known.join(', ')}, or a whole number from 0.`,
    wrongPadding: (sides: readonly number[], rank: number) =>
      `The padding is a whole number from 0${rank > 1 ? ', or one down and one across such as 1,2' : ''}, not ${sides.join(',')}.`,
    noStep: (position: readonly number[], shape: readonly number[]) =>
      `The output has no place ${position.join(',')}: it has ${times(shape)} numbers, counted from 0.`,
    shapesApart: (input: readonly number[], kernel: readonly number[]) =>
      `An input of ${times(input)} and a kernel of ${times(kernel)} do not go together: a signal takes one row, a picture rows and columns.`,
    wrongBias: (filters: number, given: number) =>
      `The bias is one number for each filter, or one for all: ${filters}, not ${given}.`,
    wrongGroups: (groups: number, channels: number, filters: number) =>
      `${groups} groups do not divide ${channels} channels and ${filters} filters evenly.`,
    wrongPlanes: (planes: number, groups: number, channels: number) =>
      `A filter of ${planes} ${planes === 1 ? 'plane' : 'planes'}${groups > 1 ? ` in ${groups} groups` : ''} does not fit an input of ${channels} ${channels === 1 ? 'channel' : 'channels'}; a filter has one plane for each channel, apart by “/”.`,
    unknownName: (
      what: 'pool' | 'kernel' | 'stage',
      name: string,
      near: string | null,
      known: readonly string[],
    ) =>
      `There is no ${what} “${shortened(name)}”${near ? `: is ${near} meant?` : '.'} There are ${known.join(', ')}.`,
    wrongPool: (text: string) =>
      `“${shortened(text)}” is no pool; a pool is max, average or lp with a window and maybe a stride, such as max:2 or average:3x3:1, or global-max or global-average.`,
    poolTakesMaps: (shape: readonly number[]) =>
      `A pool takes a signal or a picture, and not numbers of the shape ${times(shape)}.`,
    poolHasTwoAxes: (text: string) =>
      `The pool ${text} has numbers for two axes, and a signal has one; write one each.`,
    globalTakesAll: (text: string) => `${text} takes the whole map; it has no padding and no dilation.`,
    tooManyTyped: (count: number, most: number) =>
      `These are ${count.toLocaleString('en')} numbers, and ${most.toLocaleString('en')} can be typed; give more as a picture.`,
    notANumber: (word: string) => `“${shortened(word)}” is not a number; write one such as 2, -0.5 or 1/4.`,
    notANumberInRow: (word: string, row: number | null) =>
      word
        ? `“${shortened(word)}”${row ? ` in row ${row}` : ''} is not a number. Rows are apart by “;”, channels by “/” with a space on both sides.`
        : 'A number is missing between two signs.',
    notFinite: (word: string) => `“${shortened(word)}” is not finite, and the numbers should be.`,
    rowsDiffer: (lengths: readonly number[]) =>
      `There are rows with ${lengths.join(' and ')} numbers; all should have as many.`,
    emptyPlane: 'A channel holds no numbers; “/” stands between two channels, “//” between two filters.',
    planesDiffer: (sizes: readonly (readonly number[])[]) =>
      `The channels have different sizes: ${[...new Set(sizes.map(times))].join(', ')}; all should have one.`,
    filtersDiffer: (channels: readonly number[]) =>
      `The filters have different numbers of channels: ${channels.join(', ')}; all should have as many.`,
    pictureHasFilters: 'A picture has channels, apart by “/”; “//” is for the filters of a kernel.',
    signalTakesOneRow: (size: readonly number[]) =>
      `A signal takes a kernel of one row such as 1 0 -1, not one of ${times(size)}.`,
    wrongNumbers: (what: 'padding' | 'stride' | 'dilation' | 'at', text: string, least: number) =>
      `The ${what === 'at' ? 'place' : what} is a whole number from ${least}, or one down and one across such as 1,2, not “${shortened(text)}”.`,
    wrongKernelSettings: (name: string, given: readonly string[], takes: readonly string[]) =>
      `The kernel ${name} does not take ${shortened(given.join(':')) || 'an empty setting'}; behind colons it takes ${takes.join(', ') || 'nothing'}.`,
    evenIdentity: (size: number) => `The size of an identity is odd, and ${size} is even and has no middle.`,
    sigmaTooWide: (sigma: number) => `A sigma of ${sigma} makes a kernel wider than 999; give its size.`,
    wrongKernelSize: (size: number) => `The size of a kernel is a whole number from 1 to 999, not ${size}.`,
    notAboveZero: (what: string, value: number) => `The ${what} of a kernel is above 0, not ${value}.`,
    settingNotFinite: (what: string) => `The ${what} of a kernel is a finite number.`,
    sumOfProducts: (count: number) => `sum of ${count} products`,
    maximumOf: (count: number) => `maximum of ${count} numbers`,
    meanOf: (count: number) => `mean of ${count} numbers`,
    normOf: (p: string, count: number) => `${p}-norm of ${count} numbers`,
    wrongBatchNorm: (channels: number, given: number) =>
      `A batch norm of ${channels} ${channels === 1 ? 'channel' : 'channels'} takes one number for each, or one for all, not ${given}.`,
    wrongBatchNormText: (text: string) =>
      `“${shortened(text)}” is no batch norm; it is batch-norm, or batch-norm:gamma:beta:mean:variance with a number for each.`,
    varianceBelowZero: (variance: number) => `A variance is 0 or above, not ${variance}.`,
    numberOfRow: (place: number) => `number ${place} of the row`,
    takesARow: (what: 'linear' | 'softmax', shape: readonly number[]) =>
      `${what} takes numbers in a row, and here they are ${times(shape)}; put flatten before it.`,
    wrongWeights: (inputs: number, given: number) =>
      `linear has ${inputs} weights in a row, and ${given} numbers come in; there should be as many.`,
    wrongLinearBias: (outputs: number, given: number) =>
      `linear has ${outputs} ${outputs === 1 ? 'row' : 'rows'} and ${given} numbers of a bias; there is one for each row.`,
    wrongLinear: (text: string) =>
      `“${shortened(text)}” is no linear layer; it is linear: and a row of weights for each output, such as linear:1 0 1; 0 1 0, and maybe one more colon and a bias for each.`,
    takesNothing: (kind: string) => `${kind} takes no settings.`,
    emptyStage: 'A stage is empty; stages stand between “|”.',
  },

  kernels: {
    identity: 'Changes nothing: one in the middle. Sums to 1.',
    box: 'Blurs: the mean of size × size pixels. Sums to 1.',
    gaussian: 'Blurs: the mean of what is around, less the farther away. Sums to 1.',
    'motion-blur': 'Smears along a line of size pixels, angle degrees up from the horizontal. Sums to 1.',
    sharpen: 'The picture minus amount times its Laplacian: edges stand out, even ground stays. Sums to 1.',
    emboss: 'Light from the top left: what gets brighter to the bottom right looks raised. Sums to 1.',
    'sobel-x':
      'Finds vertical edges: positive where it gets brighter to the right (Sobel & Feldman 1968). Sums to 0.',
    'sobel-y': 'Finds horizontal edges: positive where it gets brighter downwards. Sums to 0.',
    'prewitt-x': "As Sobel's, with equal weights across the edge (Prewitt 1970). Sums to 0.",
    'prewitt-y': "As Prewitt's for vertical edges, turned to find horizontal ones. Sums to 0.",
    'scharr-x':
      "As Sobel's, with weights that respond more alike to edges of every angle (Scharr 2000). Sums to 0.",
    'scharr-y': "As Scharr's for vertical edges, turned to find horizontal ones. Sums to 0.",
    roberts: 'Difference along a diagonal of 2×2 pixels, to the bottom right (Roberts 1963). Sums to 0.',
    laplacian: 'Second derivative: 0 on slopes, strong at spots and on both sides of an edge. Sums to 0.',
    'laplacian-of-gaussian':
      'Finds blobs of radius √2·sigma: blur and second derivative in one (Marr & Hildreth 1980). Sums to 0.',
    gabor: 'Stripes of one width and direction, as the visual cortex sees them (Daugman 1985). Sums to 0.',
  },

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
    changed: 'This run has changed: loaded again.',
    stillShifted: (shift: string) => `The numbers are still those of the picture before: ${shift}.`,
    stillBefore: 'The numbers are still those of the picture before.',
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
    unshift: 'Unshift',
    noShift: (text: string) =>
      `“${text}” in the address is no shift, which is rows down and columns to the right, such as 2,-3; the picture is not shifted.`,
    farShift: (shift: string, rows: number, columns: number) =>
      `A shift of ${shift}, as the address has it, leads out of a picture of ${rows}×${columns}; it goes as far as something stays in sight.`,
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
    inSignal: (channel: number, place: number, number: string) =>
      `${number} at channel ${channel}, place ${place}`,
    inputLabel: (name: string) => `${name}, the numbers that enter`,
    asPicture: (name: string) => `${name} as a picture, in pixels from 0 to 255`,
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
    again: 'Try again',
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
    noPath: (cell: string) => `The path in the address does not lead to ${cell}; it is left out.`,
    open: (cell: string) => `Open ${cell}`,
    next: (cell: string) => `Follow the one that adds most, up or down: ${cell}`,
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
    channel: 'Channel, by what it adds, up or down',
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

  widgets: {
    silent:
      'The kernel of the notebook does not answer: it is at work on another cell, or has been stopped. Wait for it, or restart it and run this cell again.',
    restarted: 'The kernel of the notebook was restarted. Run this cell again.',
  },
} as const;

/** What a person wrote, as far as a sentence can hold it. */
function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function times(sizes: readonly number[]): string {
  return sizes.join('×');
}

/** How much padding there is, where there is some. */
function padded(pads: readonly (readonly number[])[]): string {
  if (pads.flat().every((side) => side === 0)) return '';
  return ` with padding ${pads.map(([before, after]) => (before === after ? `${before}` : `${before} and ${after}`)).join(', ')}`;
}
