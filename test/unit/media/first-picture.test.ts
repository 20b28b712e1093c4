import { EventEmitter } from 'node:events';
import { FirstPicture } from '../../../node-app/media/first-picture';
import type { PeerTransport } from '../../../node-app/media/peer-entities';
import { ManualClock } from '../../helpers/manual-clock';

/** A client's transport, as far as whether it is connected goes. */
class FakeTransport {
  readonly observer = new EventEmitter();
  dtlsState = 'connecting';

  connect(): void {
    this.dtlsState = 'connected';
    this.observer.emit('dtlsstatechange', 'connected');
  }

  as(): PeerTransport {
    return this as unknown as PeerTransport;
  }
}

const CONNECTED = { dtlsState: 'connected' } as unknown as PeerTransport;

function setUp() {
  const clock = new ManualClock();
  const state = { comingUntilMs: 0, begun: 0, viewersBegun: 0 };
  const picture = new FirstPicture({
    comingForMs: () => Math.max(0, state.comingUntilMs - clock.nowMs()),
    onBegin: () => (state.begun += 1),
    clock,
  });
  const expect = (transport = CONNECTED) => {
    const viewer = picture.expect(transport);
    void viewer.begins.then(() => (state.viewersBegun += 1));
    picture.review();
    return viewer;
  };
  return { clock, state, picture, expect };
}

test('in a room where nobody is coming all begin once each has taken it and is connected', async () => {
  const { clock, state, expect: offer } = setUp();
  const [first, second] = [offer(), offer()];
  const transport = new FakeTransport();
  first.ready(CONNECTED);
  second.ready(transport.as());
  await clock.advance(100);
  expect(state).toMatchObject({ begun: 0, viewersBegun: 0 });
  transport.connect();
  await clock.advance(0);
  expect(state).toMatchObject({ begun: 1, viewersBegun: 2 });
  expect(clock.waiting).toBe(0);
});

test('one who is slow, or who goes, does not hold up the others', async () => {
  const { clock, state, expect: offer } = setUp();
  const [quick, slow, refuses] = [offer(), offer(), offer()];
  quick.ready(CONNECTED);
  refuses.gone();
  refuses.gone();
  await clock.advance(299);
  expect(state.begun).toBe(0);
  await clock.advance(1);
  expect(state).toMatchObject({ begun: 1, viewersBegun: 3 });
  slow.ready(CONNECTED);
  await clock.advance(1_000);
  expect(state.begun).toBe(1);
});

test('one who is still connecting is waited for a little longer', async () => {
  const { clock, state, expect: offer } = setUp();
  offer().ready(CONNECTED);
  const coming = new FakeTransport();
  offer(coming.as()).ready(coming.as());
  await clock.advance(699);
  expect(state.begun).toBe(0);
  await clock.advance(1);
  expect(state.begun).toBe(1);
});

test('a transport that closes is waited for no more', async () => {
  const { clock, state, expect: offer } = setUp();
  const transport = new FakeTransport();
  offer().ready(transport.as());
  transport.observer.emit('close');
  await clock.advance(0);
  expect(state.begun).toBe(1);
});

test('while people are coming they are waited for, and for what they are offered, but not for ever', async () => {
  const { clock, state, picture, expect: offer } = setUp();
  state.comingUntilMs = clock.nowMs() + 400;
  offer().ready(CONNECTED);
  await clock.advance(350);
  expect(state.begun).toBe(0);
  offer();
  await clock.advance(299);
  expect(state.begun).toBe(0);
  await clock.advance(1);
  expect(state.begun).toBe(1);

  const other = setUp();
  other.state.comingUntilMs = Infinity;
  other.expect().ready(CONNECTED);
  await other.clock.advance(999);
  expect(other.state.begun).toBe(0);
  await other.clock.advance(1);
  expect(other.state.begun).toBe(1);
  picture.close();
  expect(state.begun).toBe(1);
});

test('without viewers it begins when nobody is coming', async () => {
  const { clock, state, picture } = setUp();
  state.comingUntilMs = clock.nowMs() + 100;
  picture.review();
  expect(state.begun).toBe(0);
  await clock.advance(100);
  expect(state.begun).toBe(1);
});
