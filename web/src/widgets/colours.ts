// Which colours a notebook has: JupyterLab and Notebook say it on <body>, VS Code too, Colab on <html>.

export type Colours = 'light' | 'dark' | null; // null: as the system has them

export function coloursOf(page: Document): Colours {
  const { jpThemeLight, vscodeThemeKind } = page.body.dataset;
  if (jpThemeLight) return jpThemeLight === 'true' ? 'light' : 'dark';
  if (vscodeThemeKind) return vscodeThemeKind.includes('light') ? 'light' : 'dark';
  const said = page.documentElement.getAttribute('theme');
  return said === 'light' || said === 'dark' ? said : null;
}

/** Calls `heard` with the colours, and again when the notebook changes them; gives what ends it. */
export function followColours(page: Document, heard: (colours: Colours) => void): () => void {
  const tell = () => heard(coloursOf(page));
  const observer = new MutationObserver(tell);
  for (const element of [page.body, page.documentElement])
    observer.observe(element, {
      attributeFilter: ['data-jp-theme-light', 'data-vscode-theme-kind', 'theme'],
    });
  tell();
  return () => observer.disconnect();
}
