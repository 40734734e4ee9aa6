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

  network: {},

  why: {},

  widgets: {
    silent:
      'The kernel of the notebook does not answer: it is at work on another cell, or has been stopped. Wait for it, or restart it and run this cell again.',
    restarted: 'The kernel of the notebook was restarted. Run this cell again.',
  },
} as const;
