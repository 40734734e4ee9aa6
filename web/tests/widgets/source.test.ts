import { afterEach, expect, test, vi } from 'vitest';
import { ApiError } from '../../src/api';
import type { Picture } from '../../src/pictures/picture';
import { kernel, PATIENCE, SHORT } from '../../src/widgets/source';
import { words } from '../../src/words';
import { FakeModel } from './fake_model';

const picture: Picture = {
  name: 'drawing.png',
  kind: 'picture',
  values: { shape: [1, 1, 1], data: new Float64Array(1) },
  file: Uint8Array.of(9, 8, 7, 6).subarray(1) as Uint8Array<ArrayBuffer>,
  code: 'png:',
  opened: false,
};

/** studio/pass_message.py's example. */
function passMessage(): Uint8Array {
  const header = new TextEncoder().encode('{"label": "7", "outputs": [{"name": "linear", "shape": [2]}]}   ');
  const message = new Uint8Array(4 + header.length + 8);
  const view = new DataView(message.buffer);
  view.setUint32(0, header.length, true);
  message.set(header, 4);
  view.setFloat32(4 + header.length, 1, true);
  view.setFloat32(8 + header.length, 2, true);
  return message;
}

afterEach(() => void vi.useRealTimers());

test('a question goes as a message with an id, and its answer comes back', async () => {
  const model = new FakeModel({});
  const source = kernel(model);
  const asked = source.network('starter');
  expect(model.send.mock.lastCall?.[0]).toMatchObject({ question: 'network', model: 'starter' });
  model.answer({ answer: { net: 'starter' } });
  expect(await asked).toEqual({ net: 'starter' });
});

test('a picture goes as the bytes of its file alone, and a pass comes back as numbers', async () => {
  const model = new FakeModel({});
  const asked = kernel(model).pass('starter', picture, ['linear']);
  const [question, , buffers] = model.send.mock.lastCall as [object, unknown, Uint8Array[]];
  expect(question).toMatchObject({ question: 'pass', layers: ['linear'] });
  expect([...new Uint8Array((buffers[0] as Uint8Array).buffer as ArrayBuffer)]).toEqual([8, 7, 6]);
  model.answer({ answer: null }, passMessage());
  const { label, outputs } = await asked;
  expect([label, outputs.linear?.shape, [...(outputs.linear?.data ?? [])]]).toEqual(['7', [2], [1, 2]]);
});

test('samples, models, why and the drawing', async () => {
  const model = new FakeModel({});
  const source = kernel(model);
  const samples = source.samples('starter');
  model.answer({ answer: ['a.png', 'b.png'] }, Uint8Array.of(1), Uint8Array.of(2, 3));
  expect(await samples).toEqual([
    { name: 'a.png', file: Uint8Array.of(1) },
    { name: 'b.png', file: Uint8Array.of(2, 3) },
  ]);
  const models = source.models();
  model.answer({ answer: [] });
  expect(await models).toEqual([]);
  const why = source.why('starter', picture, 'conv1:0:0:0');
  expect(model.send.mock.lastCall?.[0]).toMatchObject({ question: 'why', cell: 'conv1:0:0:0' });
  model.answer({ answer: { cell: 'conv1:0:0:0' } });
  expect(await why).toEqual({ cell: 'conv1:0:0:0' });
  const drawing = source.drawing('starter');
  model.answer({ answer: '<svg>#</svg>' });
  expect(await drawing).toBe('data:image/svg+xml,%3Csvg%3E%23%3C%2Fsvg%3E');
});

test('answers find their questions in any order, and those of another view are passed over', async () => {
  const model = new FakeModel({});
  const [one, other] = [kernel(model), kernel(model)];
  const first = one.network('a');
  const [{ id }] = model.send.mock.lastCall as [{ id: string }];
  const second = one.network('b');
  const third = other.network('c');
  model.answer({ answer: 'c' });
  expect(await third).toBe('c');
  model.trigger('msg:custom', { id, answer: 'a' });
  model.trigger('msg:custom', { id, answer: 'once more' });
  model.trigger('msg:custom', 'something else');
  expect(await first).toBe('a');
  const still = Symbol();
  expect(await Promise.race([second, Promise.resolve(still)])).toBe(still);
});

test('what the kernel refuses is a sentence, and what it is about', async () => {
  const model = new FakeModel({});
  const asked = kernel(model).why('starter', picture, 'conv9:0');
  model.answer({ error: { message: 'there is no conv9.', about: 'cell' } });
  await expect(asked).rejects.toMatchObject({ message: 'there is no conv9.', about: 'cell' });
});

test('numbers that were typed are no picture for a network', async () => {
  const model = new FakeModel({});
  await expect(kernel(model).pass('starter', { ...picture, file: null })).rejects.toBeInstanceOf(ApiError);
  expect(model.send).not.toHaveBeenCalled();
});

test('a kernel that does not answer is told of after a while, and its late answer is passed over', async () => {
  vi.useFakeTimers();
  const model = new FakeModel({});
  const asked = kernel(model).models();
  const told = expect(asked).rejects.toMatchObject({ message: words.widgets.silent, about: 'server' });
  await vi.advanceTimersByTimeAsync(PATIENCE);
  await told;
  model.answer({ answer: [] });
});

test.each(['comm_live_update', 'comm:close'])(
  'a kernel that has gone (%s) is told of at once',
  async (event) => {
    const model = new FakeModel({});
    const asked = kernel(model).models();
    model.trigger(event);
    await expect(asked).rejects.toMatchObject({ message: words.widgets.restarted, about: 'server' });
  },
);

test('a kernel that has gone is waited for a moment only, until it answers again', async () => {
  vi.useFakeTimers();
  const model = new FakeModel({});
  const source = kernel(model);
  model.trigger('comm_live_update');
  const told = expect(source.models()).rejects.toMatchObject({ message: words.widgets.restarted });
  await vi.advanceTimersByTimeAsync(SHORT);
  await told;
  const asked = source.models();
  model.answer({ answer: [] });
  expect(await asked).toEqual([]);
  const later = source.models();
  await vi.advanceTimersByTimeAsync(SHORT);
  model.answer({ answer: [] });
  expect(await later).toEqual([]);
});

test('a closed channel is told of at once', async () => {
  const model = new FakeModel({});
  model.send.mockImplementation(() => {
    throw new Error('disposed');
  });
  await expect(kernel(model).models()).rejects.toMatchObject({ message: words.widgets.restarted });
});

test('a question that is given up is over', async () => {
  const model = new FakeModel({});
  const ending = new AbortController();
  const asked = kernel(model).pass('starter', picture, [], ending.signal);
  ending.abort();
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  await expect(kernel(model).pass('starter', picture, [], ending.signal)).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test('a view that is taken away hears nothing more', async () => {
  const model = new FakeModel({});
  const source = kernel(model);
  const asked = source.models();
  source.close();
  await expect(asked).rejects.toBeInstanceOf(ApiError);
  expect(model.heard).toBe(0);
});
