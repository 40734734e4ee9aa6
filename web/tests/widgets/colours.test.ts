import { afterEach, expect, test } from 'vitest';
import { followColours, type Colours } from '../../src/widgets/colours';

afterEach(() => {
  for (const element of [document.body, document.documentElement])
    for (const name of element.getAttributeNames()) element.removeAttribute(name);
});

test.each([
  [document.body, 'data-jp-theme-light', 'true', 'light'],
  [document.body, 'data-jp-theme-light', 'false', 'dark'],
  [document.body, 'data-vscode-theme-kind', 'vscode-high-contrast', 'dark'],
  [document.body, 'data-vscode-theme-kind', 'vscode-high-contrast-light', 'light'],
  [document.documentElement, 'theme', 'dark', 'dark'],
])('the colours of a notebook: %o %s=%s', async (element, name, value, colours) => {
  const heard: Colours[] = [];
  const end = followColours(document, (colours) => heard.push(colours));
  element.setAttribute(name, value);
  await Promise.resolve();
  end();
  element.removeAttribute(name);
  await Promise.resolve();
  expect(heard).toEqual([null, colours]);
});
