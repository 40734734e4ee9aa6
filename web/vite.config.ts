import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig, type UserConfig } from 'vite';
import { singleFile } from './single_file.ts';

const STATIC = '../src/convscope/studio/static';

// What is built: the studio that the server serves, the page of the convolution screen alone, the notebook widgets.
const BUILDS: Record<string, UserConfig> = {
  studio: { build: { outDir: STATIC, emptyOutDir: true } },
  page: {
    plugins: [singleFile()],
    build: {
      outDir: STATIC,
      emptyOutDir: false,
      modulePreload: false,
      cssCodeSplit: false,
      rollupOptions: { input: 'convolution.html' },
    },
  },
  'convolution-widget': widget('convolution'),
  'network-widget': widget('network'),
};

/** A notebook gets a widget as one string: no other file beside it, and its style within. */
function widget(name: string): UserConfig {
  return {
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: `${STATIC}/widgets`,
      emptyOutDir: false,
      minify: true,
      lib: { formats: ['es'], entry: `src/widgets/${name}.ts`, fileName: name },
      rollupOptions: { output: { codeSplitting: false } },
    },
  };
}

export default defineConfig(({ mode }) => ({
  base: './', // a proxy may serve the studio below a path
  ...BUILDS[mode],
  plugins: [
    svelte({ emitCss: !mode.endsWith('-widget') }),
    svelteTesting(),
    ...(BUILDS[mode]?.plugins ?? []),
  ],
  server: { proxy: { '/api': 'http://127.0.0.1:8765' } },
  test: { environment: 'jsdom', include: ['tests/**/*.test.ts'] },
}));
