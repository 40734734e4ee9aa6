import { tick } from 'svelte';
import { expect, test, vi } from 'vitest';
import { follow } from '../../src/widgets/following.svelte';
import { FakeModel } from './fake_model';
import { Count } from './count.svelte';

function followed(model: FakeModel, page: Count, take?: () => Promise<void>) {
  return follow(model, ['n'], {
    take: async () => {
      await take?.();
      page.n = model.get('n') as number;
    },
    give: () => ({ n: page.n }),
    same: (one, other) => one === other,
  });
}

const settled = () => new Promise((resolve) => setTimeout(resolve)).then(() => tick());

test('the page begins as the model is, and tells nothing of that', async () => {
  const [model, page] = [new FakeModel({ n: 5 }), new Count()];
  followed(model, page);
  await settled();
  expect(page.n).toBe(5);
  expect(model.saved).toEqual([]);
});

test('each follows the other, and nothing is sent back', async () => {
  const [model, page] = [new FakeModel({ n: 1 }), new Count()];
  followed(model, page);
  await settled();
  page.n = 2;
  await settled();
  expect(model.saved).toEqual([{ n: 2 }]);
  model.change({ n: 3 });
  await settled();
  expect(page.n).toBe(3);
  expect(model.saved).toHaveLength(1);
});

test('Python goes first: what the page still had is not told while it takes over', async () => {
  const [model, page] = [new FakeModel({ n: 1 }), new Count()];
  let let_go = () => {};
  let slow = false;
  followed(model, page, () =>
    slow ? new Promise<void>((resolve) => (let_go = resolve)) : Promise.resolve(),
  );
  await settled();
  slow = true;
  model.change({ n: 7 });
  await settled();
  page.n = 2; // while a picture, say, is on its way
  await settled();
  expect(model.saved).toEqual([]);
  let_go();
  await settled();
  expect([page.n, model.saved]).toEqual([7, []]);
});

test('of what comes close together the last is taken over', async () => {
  const [model, page] = [new FakeModel({ n: 1 }), new Count()];
  followed(model, page);
  for (const n of [2, 3, 4]) model.change({ n });
  await settled();
  expect([page.n, model.saved]).toEqual([4, []]);
});

test('a view that is taken away follows no more', async () => {
  const [model, page] = [new FakeModel({ n: 1 }), new Count()];
  const end = followed(model, page);
  await settled();
  end();
  model.change({ n: 2 });
  page.n = 3;
  await settled();
  expect([page.n, model.saved, model.heard]).toEqual([3, [], 0]);
});

test('two views of one model follow each other', async () => {
  const model = new FakeModel({ n: 1 });
  const [one, other] = [new Count(), new Count()];
  followed(model, one);
  followed(model, other);
  await settled();
  one.n = 9;
  await settled();
  expect([other.n, model.saved]).toEqual([9, [{ n: 9 }]]);
});

test('a page that could not take over tells nothing, until it can', async () => {
  const [model, page] = [new FakeModel({ n: 5 }), new Count()];
  let fails = true;
  const failed = vi.fn();
  process.once('unhandledRejection', failed);
  followed(model, page, () => (fails ? Promise.reject(new Error('no')) : Promise.resolve()));
  await settled();
  page.n = 2;
  await settled();
  expect(model.saved).toEqual([]);
  expect(failed).toHaveBeenCalled();
  fails = false;
  model.change({ n: 3 });
  await settled();
  page.n = 4;
  await settled();
  expect(model.saved).toEqual([{ n: 4 }]);
});
