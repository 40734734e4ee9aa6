// @vitest-environment node
import { expect, test } from 'vitest';
import { OWN } from '../../src/pictures/samples';
import { words } from '../../src/words';

const valuesOf = async (name: string) => {
  const picture = await OWN.find((sample) => sample.name === name)!.picture();
  return picture.values;
};

test('every sample has a word, numbers of its kind, and a file where it is a picture', async () => {
  for (const sample of OWN) {
    expect(words.pictures.sampleNames[sample.name]).toBeTruthy();
    const picture = await sample.picture();
    const size = picture.values.shape.reduce((product, length) => product * length, 1);
    expect(picture.values.data.length).toBe(size);
    expect(picture.kind).toBe(sample.kind);
    expect(picture.file === null).toBe(sample.kind === 'numbers');
    if (sample.kind === 'picture')
      for (const value of picture.values.data)
        expect(Number.isInteger(value) && value >= 0 && value <= 255).toBe(true);
  }
});

test('the matrix of the tutorials, and others by hand', async () => {
  expect([...(await valuesOf('numbers')).data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...(await valuesOf('edge')).data].slice(0, 6)).toEqual([10, 10, 10, 0, 0, 0]);
  expect([...(await valuesOf('checkerboard')).data].slice(0, 10)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 1, 0]);
  expect((await valuesOf('sine')).data[4]).toBe(1);
});

test('a disc covers π r²', async () => {
  const { data } = await valuesOf('disc');
  const covered = data.reduce((sum, value) => sum + value / 255, 0);
  expect(covered / (Math.PI * 81)).toBeCloseTo(1, 2);
});

test('signals are short enough to type', async () => {
  for (const name of ['noisy-step', 'sine'])
    for (const value of (await valuesOf(name)).data) expect(String(value).length).toBeLessThan(6);
});
