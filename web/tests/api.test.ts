import { afterEach, expect, test, vi } from 'vitest';
import { ApiError, http } from '../src/api';
import type { Picture } from '../src/pictures/picture';
import { words } from '../src/words';
import { messageOf } from './messages';

const file = new Uint8Array([137, 80, 78, 71]);
const picture: Picture = {
  name: 'drawing.png',
  kind: 'picture',
  values: { shape: [1, 1, 1], data: new Float64Array(1) },
  file,
  code: 'png:iVBORw',
  opened: false,
};

afterEach(() => vi.unstubAllGlobals());

/** Every request is answered with this; the requests are in what is returned. */
function answering(respond: () => Response | Promise<Response>) {
  const asked = vi.fn<(address: string, init?: RequestInit) => Promise<Response>>(async () => respond());
  vi.stubGlobal('fetch', asked);
  return asked;
}

const json =
  (document: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(document), { status });

/** What a question fails with. */
async function failure(question: Promise<unknown>): Promise<ApiError> {
  const error = await question.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

test('each question goes to an address relative to the page', async () => {
  const model = 'runs/a b&c=ü';
  const asked = answering(json({ models: [], samples: [] }));
  await http.models();
  await http.network(model);
  await http.samples(model);
  await http.why(model, picture, 'conv1:0:0:0');
  const query = 'model=runs%2Fa+b%26c%3D%C3%BC';
  expect(asked.mock.calls.map(([address]) => address)).toEqual([
    'api/models',
    `api/network?${query}`,
    `api/samples?${query}`,
    `api/why?${query}&cell=conv1%3A0%3A0%3A0`,
  ]);
  expect(await http.drawing(model)).toBe(`api/drawing.svg?${query}`);
});

test('answers come as they are', async () => {
  const models = [{ id: 'starter', label: 'starter', kind: 'starter', about: '' }];
  answering(json({ models }));
  expect(await http.models()).toEqual(models);
  answering(json({ model: 'starter', layers: [] }));
  expect(await http.network('starter')).toEqual({ model: 'starter', layers: [] });
  answering(json({ samples: [{ name: 'digit-7.png', file: 'iVBORwD/' }] }));
  expect(await http.samples('starter')).toEqual([
    { name: 'digit-7.png', file: new Uint8Array([137, 80, 78, 71, 0, 255]) },
  ]);
});

test("a pass sends the file's own bytes, and gives its numbers", async () => {
  const asked = answering(() => new Response(messageOf({ conv1: [[2], [1.5, -2]] })));
  const abort = new AbortController();
  const pass = await http.pass('starter', picture, ['conv1', 'pool1'], abort.signal);
  expect(pass.label).toBe('7');
  expect(pass.outputs['conv1']).toEqual({ shape: [2], data: new Float32Array([1.5, -2]) });
  const [address, init] = asked.mock.calls[0] ?? [];
  expect(address).toBe('api/pass?model=starter&layer=conv1&layer=pool1');
  expect(init).toMatchObject({ method: 'POST', body: file, signal: abort.signal });
});

test('no list of layers asks for all of them, an empty one for none', async () => {
  const asked = answering(() => new Response(messageOf({})));
  await http.pass('starter', picture);
  await http.pass('starter', picture, []);
  expect(asked.mock.calls.map(([address]) => address)).toEqual([
    'api/pass?model=starter',
    'api/pass?model=starter&layer=',
  ]);
});

test("the server's sentence is what is said, and what it is about", async () => {
  for (const [about, status] of [
    ['model', 404],
    ['picture', 413],
    ['cell', 422],
    ['layers', 422],
    ['access', 403],
    ['server', 500],
  ] as const) {
    answering(json({ message: 'it is not there.', about }, status));
    const error = await failure(http.network('x'));
    expect([error.message, error.about]).toEqual(['it is not there.', about]);
  }
});

test('an answer that is not of the studio is told from one that is', async () => {
  answering(() => new Response('<html>Bad gateway</html>', { status: 502 }));
  expect((await failure(http.models())).message).toBe(words.answers.failed(502));
  answering(() => new Response('no', { status: 403 }));
  expect(await failure(http.models())).toMatchObject({ message: words.answers.noAccess, about: 'access' });
  for (const strange of [
    null,
    [],
    'x',
    { message: 'x' },
    { message: 'x', about: 'weather' },
    { message: 3, about: 'model' },
  ]) {
    answering(json(strange, 500));
    expect(await failure(http.models())).toMatchObject({
      message: words.answers.failed(500),
      about: 'server',
    });
  }
  answering(() => new Response('<html>a login page</html>'));
  expect((await failure(http.models())).message).toBe(words.answers.garbled);
  answering(json(null));
  expect((await failure(http.samples('starter'))).message).toBe(words.answers.garbled);
  answering(() => new Response(new Uint8Array(3)));
  expect((await failure(http.pass('starter', picture))).message).toBe(words.answers.garbled);
});

test('a server that is gone is said, and how to start it', async () => {
  answering(() => Promise.reject(new TypeError('Failed to fetch')));
  const error = await failure(http.models());
  expect(error).toMatchObject({ message: words.answers.gone, about: 'server' });
  expect(error.message).toContain('convscope studio');
});

test('every question can be taken back', async () => {
  const asked = answering(json({ models: [], samples: [] }));
  const { signal } = new AbortController();
  await http.models(signal);
  await http.network('starter', signal);
  await http.samples('starter', signal);
  await http.why('starter', picture, 'conv1:0:0:0', signal);
  expect(asked.mock.calls.map(([, init]) => init?.signal === signal)).toEqual([true, true, true, true]);
});

test('a question that was taken back is no fault of the server', async () => {
  answering(() => Promise.reject(new DOMException('aborted', 'AbortError')));
  await expect(http.pass('starter', picture, [], AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test('numbers that were typed are no file', async () => {
  const asked = answering(json({}));
  const typed: Picture = { ...picture, kind: 'numbers', file: null };
  for (const question of [http.pass('starter', typed), http.why('starter', typed, 'conv1:0:0:0')])
    expect(await failure(question)).toMatchObject({ message: words.answers.noFile, about: 'picture' });
  expect(asked).not.toHaveBeenCalled();
});
