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

  pictures: {},

  convolution: {},

  chain: {},

  network: {},

  why: {},

  widgets: {},
} as const;
