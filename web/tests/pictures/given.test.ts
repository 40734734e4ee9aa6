// @vitest-environment node
import { expect, test } from 'vitest';
import { fromOpened, fromOpenedSignal, fromTransfer } from '../../src/pictures/given';

const file = (name: string, text: string) => new File([text], name);

test('a file that a person chose lies in a folder, what was pasted perhaps nowhere', async () => {
  const chosen = await fromOpened(file('numbers.csv', '1,2\n3,4'), true);
  expect([chosen.name, chosen.opened]).toEqual(['numbers.csv', true]);
  const data = { files: [file('numbers.csv', '1,2\n3,4')], getData: () => '' } as unknown as DataTransfer;
  const pasted = await fromTransfer(data, true);
  expect([pasted.values, pasted.opened]).toEqual([chosen.values, false]);
});

test('a signal is kept by the browser, byte for byte', async () => {
  const signal = await fromOpenedSignal(file('wave.npy', 'abc'));
  expect([signal.name, signal.opened, new TextDecoder().decode(signal.file!)]).toEqual([
    'wave.npy',
    true,
    'abc',
  ]);
  expect(signal.code).toMatch(/^kept:/);
});
