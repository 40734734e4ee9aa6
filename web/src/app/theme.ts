export type Theme = 'system' | 'light' | 'dark';
const KEY = 'convscope-theme';

/** What the person chose last, on this machine; the system's where nothing was. */
export function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system'; // a page from a disk may have no storage
  }
}

/** Puts it on the page, and keeps it. */
export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // for this time only
  }
}
