import { expect, test } from 'vitest';
import { networkTexts, type NetworkAddress } from '../../src/copying/network_text';
import { INITIAL } from '../../src/network/state.svelte';

const texts = (change: Partial<NetworkAddress>, name: string | null = 'drawing.png', classes?: number) =>
  networkTexts({ ...INITIAL, ...change }, name, classes);

test('a network alone, its prediction, a layer and a cell', () => {
  expect(texts({}, null).command).toBe('convscope summary starter');
  expect(texts({}).command).toBe('convscope predict starter drawing.png');
  expect(texts({}, 'drawing.png', 10).command).toBe('convscope predict starter drawing.png --top 10');
  expect(texts({ layer: 'conv1' }).command).toBe(
    'convscope look starter drawing.png --layer conv1 --out maps.npz',
  );
  expect(texts({ layer: 'conv1', cell: 'conv2:3:5:7', path: 'relu2:3:5:7' }).command).toBe(
    'convscope explain starter drawing.png --why conv2:3:5:7',
  );
});

test('names are quoted for the shell and for Python', () => {
  const { command, python } = texts({ model: "runs/it's mine" }, 'my "7".png');
  expect(command).toBe(`convscope predict "runs/it's mine" 'my "7".png'`);
  expect(python).toContain(`Bundle.load("runs/it's mine")`);
  expect(python).toContain('bundle.predict("my \\"7\\".png")');
});
