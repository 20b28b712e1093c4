import { DataOverlap } from '../../../web/sdk/data/data-overlap';
import { HeldMessages } from '../../../web/sdk/signalling/held-messages';
import { ManualClock } from '../../helpers/manual-clock';

const bytes = (...values: number[]) => new Uint8Array(values).buffer;

describe('a data channel over two sessions', () => {
  function setUp() {
    const clock = new ManualClock();
    const delivered: unknown[] = [];
    return { clock, delivered, overlap: new DataOverlap(clock, (message) => delivered.push(message)) };
  }

  test.each([
    ['the earlier session is ahead', ['e1', 'e2', 'l1', 'e3', 'l2', 'T', 'l3', 'l4']],
    ['the later session is ahead', ['l1', 'l2', 'e1', 'l3', 'e2', 'T', 'l4']],
    ['the later session has the channel only from the third message on', ['e1', 'e2', 'e3', 'l3', 'T', 'l4']],
    ['the later session has the channel only after it has taken over', ['e1', 'T', 'e2', 'e3', 'l3', 'l4']],
    [
      'the later session has the channel when it takes over, and not what is on its way to the earlier one',
      ['e1', 'l4', 'T', 'e2', 'l5', 'e3', 'e4', 'e5', 'l6'],
    ],
    ['the later session is ahead when it takes over', ['e1', 'l1', 'l2', 'l3', 'T', 'e2', 'e3', 'l4']],
  ])('each message comes once and in order: %s', (_name, steps) => {
    const { overlap, delivered } = setUp();
    for (const step of steps) {
      if (step === 'T') overlap.takeOver();
      else if (step.startsWith('e')) overlap.earlier(step.slice(1));
      else overlap.later(step.slice(1));
    }
    const last = Math.max(...steps.map((step) => Number(step.slice(1)) || 0));
    expect(delivered).toEqual(Array.from({ length: last }, (_, index) => String(index + 1)));
  });

  test('bytes are compared by what they are', () => {
    const { overlap, delivered } = setUp();
    overlap.earlier(bytes(1, 2));
    overlap.later(bytes(1, 2));
    overlap.takeOver();
    overlap.later(bytes(1, 3));
    overlap.later(bytes(1));
    overlap.later('1');
    expect(delivered).toHaveLength(4);
  });

  test('the same text said again later is another message', async () => {
    const { clock, overlap, delivered } = setUp();
    // Before the later session had the channel.
    overlap.earlier('e2e4');
    await clock.advance(1_500);
    overlap.takeOver();
    overlap.later('e2e4');
    await clock.advance(1_000);
    expect(delivered).toEqual(['e2e4', 'e2e4']);
  });

  test('what waits for the earlier session is delivered at once when that has ended, and never after the end', async () => {
    const ended = setUp();
    ended.overlap.takeOver();
    ended.overlap.later('1');
    ended.overlap.end();
    ended.overlap.later('2');
    expect(ended.delivered).toEqual(['1', '2']);

    const closed = setUp();
    closed.overlap.takeOver();
    closed.overlap.later('1');
    closed.overlap.close();
    await closed.clock.advance(5_000);
    expect(closed.delivered).toEqual([]);
  });

  test('what only the later session has waits for nothing', () => {
    const delivered: unknown[] = [];
    const overlap = new DataOverlap(new ManualClock(), (message) => delivered.push(message), false);
    overlap.takeOver();
    overlap.later('1');
    expect(delivered).toEqual(['1']);
  });

  test('what comes over the later session alone waits for a second at most', async () => {
    const { clock, overlap, delivered } = setUp();
    overlap.takeOver();
    overlap.later('1');
    expect(delivered).toEqual([]);
    await clock.advance(1_000);
    overlap.later('2');
    expect(delivered).toEqual(['1', '2']);
  });
});

describe('messages of a session that may end', () => {
  test('wait, and are handled in order when the client stays', async () => {
    const held = new HeldMessages();
    const handled: string[] = [];
    held.hold();
    held.notification(() => handled.push('a'));
    const answer = held.request(async () => handled.push('b'));
    held.notification(() => handled.push('c'));
    expect(handled).toEqual([]);
    held.release();
    expect(handled).toEqual(['a', 'b', 'c']);
    await expect(answer).resolves.toBe(2);
    held.notification(() => handled.push('d'));
    expect(handled.at(-1)).toBe('d');
  });

  test("are nobody's when it has left", async () => {
    const held = new HeldMessages();
    held.hold();
    let handled = 0;
    held.notification(() => (handled += 1));
    const answer = held.request(async () => (handled += 1));
    held.drop();
    await expect(answer).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    expect(handled).toBe(0);
  });
});
