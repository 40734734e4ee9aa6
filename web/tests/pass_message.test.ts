import { expect, test } from 'vitest';
import { passIn } from '../src/pass_message';
import { HEADER, messageOf } from './messages';

const OUTPUTS: Record<string, [number[], number[]]> = {
  conv1: [
    [1, 2, 2],
    [0.5, -1, 2.25, Infinity],
  ],
  'a layer, "named" →': [[3], [1, 2, 3]],
  nothing: [[0, 4], []],
};

test('a message gives the document, and each output with its shape and numbers', () => {
  const { outputs, ...rest } = passIn(messageOf(OUTPUTS).buffer);
  expect(rest).toEqual(HEADER);
  expect(Object.keys(outputs)).toEqual(Object.keys(OUTPUTS));
  for (const [name, [shape, values]] of Object.entries(OUTPUTS)) {
    expect(outputs[name]?.shape).toEqual(shape);
    expect([...(outputs[name]?.data ?? [])]).toEqual(values);
  }
});

test('a layer is found by any name, and one that is not there by none', () => {
  const outputs: [string, [number[], number[]]][] = [
    ['__proto__', [[1], [5]]],
    ['toString', [[1], [6]]],
  ];
  const read = passIn(messageOf(Object.fromEntries(outputs)).buffer).outputs;
  expect(Object.keys(read)).toEqual(['__proto__', 'toString']);
  expect([...(read['__proto__']?.data ?? [])]).toEqual([5]);
  for (const name of ['constructor', 'valueOf']) {
    expect(read[name]).toBeUndefined();
    expect(name in read).toBe(false);
  }
});

test('numbers are not copied where they lie on 4 bytes', () => {
  const message = messageOf(OUTPUTS);
  const { outputs } = passIn(message.buffer);
  expect(outputs['conv1']?.data.buffer).toBe(message.buffer);
});

test.each([0, 1, 2, 3, 4, 7])('a message that begins at byte %i of a larger one is read too', (start) => {
  const message = messageOf(OUTPUTS);
  const larger = new Uint8Array(start + message.length + 9).fill(255);
  larger.set(message, start);
  const { outputs, label } = passIn(new DataView(larger.buffer, start, message.length));
  expect(label).toBe('7');
  expect([...(outputs['conv1']?.data ?? [])]).toEqual(OUTPUTS['conv1']?.[1]);
});

test('a message that was cut off is refused, and does not show other numbers', () => {
  const message = messageOf(OUTPUTS);
  for (const length of [0, 3, 20, message.length - 4, message.length - 1])
    expect(() => passIn(message.slice(0, length).buffer)).toThrow();
});

test('without outputs there is the prediction alone', () => {
  expect(passIn(messageOf({}).buffer)).toEqual({ ...HEADER, outputs: {} });
});
