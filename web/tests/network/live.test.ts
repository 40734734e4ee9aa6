import { describe, expect, it } from 'vitest';
import { Live } from '../../src/network/live';

/** A question that waits until the test answers it. */
function slow() {
  const asked: {
    wish: number;
    signal: AbortSignal;
    answer: (text: string) => void;
    refuse: (e: Error) => void;
  }[] = [];
  const taken: string[] = [];
  const failed: string[] = [];
  const busy: boolean[] = [];
  const live = new Live<number, string>(
    (wish, signal) =>
      new Promise((answer, refuse) => {
        asked.push({ wish, signal, answer, refuse });
      }),
    (answer) => taken.push(answer),
    (error) => failed.push(String(error)),
    (is) => busy.push(is),
  );
  return { live, asked, taken, failed, busy };
}
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('Live', () => {
  it('asks one question at a time, and then the newest', async () => {
    const { live, asked, taken, busy } = slow();
    for (const wish of [1, 2, 3, 4]) live.want(wish);
    expect(asked.map(({ wish }) => wish)).toEqual([1]);
    asked[0]?.answer('one');
    await settled();
    expect(asked.map(({ wish }) => wish)).toEqual([1, 4]);
    expect(taken).toEqual(['one']);
    asked[1]?.answer('four');
    await settled();
    expect(taken).toEqual(['one', 'four']);
    expect(busy).toEqual([true, false]);
  });

  it('ends what is under way where it is restarted, and never takes its answer', async () => {
    const { live, asked, taken } = slow();
    live.want(1);
    live.restart(2);
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[1]?.answer('two');
    await settled();
    asked[0]?.answer('one'); // later than the newer one
    await settled();
    expect(taken).toEqual(['two']);
  });

  it('says what failed, and goes on with what is wanted meanwhile', async () => {
    const { live, asked, taken, failed } = slow();
    live.want(1);
    live.want(2);
    asked[0]?.refuse(new Error('broken'));
    await settled();
    asked[1]?.answer('two');
    await settled();
    expect(failed).toEqual(['Error: broken']);
    expect(taken).toEqual(['two']);
  });

  it('asks again for what failed, and only for that', async () => {
    const { live, asked, taken } = slow();
    live.want(1);
    asked[0]?.refuse(new Error('broken'));
    await settled();
    live.again();
    asked[1]?.answer('one');
    await settled();
    live.again();
    expect(asked.map(({ wish }) => wish)).toEqual([1, 1]);
    expect(taken).toEqual(['one']);
  });

  it('tells nothing of what was stopped, not even that it failed', async () => {
    const { live, asked, taken, failed, busy } = slow();
    live.want(1);
    live.stop();
    asked[0]?.refuse(new DOMException('', 'AbortError'));
    await settled();
    expect([taken, failed]).toEqual([[], []]);
    expect(busy).toEqual([true, false]);
    live.want(2);
    asked[1]?.answer('two');
    await settled();
    expect(taken).toEqual(['two']);
  });
});
