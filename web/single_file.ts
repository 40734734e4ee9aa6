import type { Plugin } from 'vite';

/** A page that opens from a disk, with no server: its script and its style stand in the page itself. */
export function singleFile(): Plugin {
  return {
    name: 'single-file',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith('.html'));
      if (page?.type !== 'asset') throw new Error('there is no page to put the script into.');
      let html = String(page.source);
      for (const file of Object.values(bundle)) {
        const name = file.fileName.split('/').at(-1) as string;
        if (file.type === 'chunk') {
          const code = file.code.replaceAll('</script', '<\\/script');
          html = replaced(html, new RegExp(`<script[^>]*${name}[^>]*></script>`), '');
          html = html.replace('</body>', () => `<script type="module">${code}</script></body>`);
          delete bundle[file.fileName];
        } else if (name.endsWith('.css')) {
          html = replaced(
            html,
            new RegExp(`<link[^>]*${name}[^>]*>`),
            `<style>${String(file.source)}</style>`,
          );
          delete bundle[file.fileName];
        }
      }
      page.source = html;
    },
  };
}

function replaced(html: string, pattern: RegExp, by: string): string {
  if (!pattern.test(html)) throw new Error(`the page has nothing like ${pattern}.`);
  return html.replace(pattern, () => by);
}
