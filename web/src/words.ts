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

  answers: {
    gone: 'The studio does not answer. Start it again with `convscope studio`, and open the address that it prints.',
    garbled: 'What the studio answered cannot be read. Load this page again.',
    failed: (status: number) =>
      `The studio answered with error ${status}, and no reason. Load this page again.`,
    noAccess: 'The studio does not know this page. Open the address that `convscope studio` printed.',
    noFile: 'A network takes a picture; these are numbers that were typed.',
  },

  copying: {},

  pictures: {},

  convolution: {},

  chain: {},

  network: {},

  why: {},

  widgets: {},
} as const;
