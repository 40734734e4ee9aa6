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
  widgets: {
    build: {
      outDir: `${STATIC}/widgets`,
      emptyOutDir: true,
      cssCodeSplit: true,
      lib: {
        formats: ['es'],
        entry: { convolution: 'src/widgets/convolution.ts', network: 'src/widgets/network.ts' },
      },
    },
  },
};

export default defineConfig(({ mode }) => ({
  base: './', // a proxy may serve the studio below a path
  ...BUILDS[mode],
  plugins: [svelte(), svelteTesting(), ...(BUILDS[mode]?.plugins ?? [])],
  server: { proxy: { '/api': 'http://127.0.0.1:8765' } },
  test: { environment: 'jsdom', include: ['tests/**/*.test.ts'] },
}));
