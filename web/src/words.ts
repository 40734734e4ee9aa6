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
      several: 'These are several files; give one picture.',
      noFile: 'There is no picture in what was given; copy the picture itself, or save it and open the file.',
      noNumbers: (text: string) =>
        `“${text}” is no picture, and numbers are not for this screen; open the Convolution screen for them.`,
      noSample: (name: string) => `There is no sample “${name}”; choose another one.`,
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

  convolution: {},

  chain: {},

  network: {},

  why: {},

  widgets: {},
} as const;
