import type { MediaSession } from '../../../web/sdk/media/media-session';
import { Subscriber } from '../../../web/sdk/subscribe/subscriber';
import { ManualClock, settle } from '../../helpers/manual-clock';

/** A session whose transport makes consumers of nothing: real ones need a browser. */
function fakeSession(): MediaSession {
  const consume = async ({ id, producerId }: { id: string; producerId: string }) => ({
    id,
    producerId,
    closed: false,
    rtpParameters: {},
    track: Object.assign(new EventTarget(), { kind: 'audio', muted: true, readyState: 'live' }),
    observer: { once: () => undefined },
    close: () => undefined,
  });
  return {
    closed: false,
    receiveTransport: { consume },
    api: { setConsumerPaused: async () => undefined },
  } as unknown as MediaSession;
}

function setUp() {
  const clock = new ManualClock();
  const log: string[] = [];
  const subscriber = new Subscriber(clock, {
    peerJoined: ({ peerId }) => log.push(`${peerId} joined`),
    peerLeft: ({ peerId }) => log.push(`${peerId} left`),
    peerChanged: () => undefined,
    trackAdded: (_peer, { source }) => log.push(`${source} added`),
    trackRemoved: (_peer, { source }) => log.push(`${source} removed`),
    trackChanged: () => undefined,
    forwardedVideo: () => undefined,
    audienceChanged: (count) => log.push(`${count} listen`),
    warning: (error) => log.push(`warning: ${error.message}`),
    earlierSessionDone: () => log.push('earlier session done'),
  });
  const offer = (consumerId: string, producerId: string) =>
    subscriber.newConsumer({
      consumerId,
      producerId,
      peerId: 'grace',
      kind: 'audio',
      rtpParameters: {},
      appData: { source: 'audio' },
    });
  return { clock, log, subscriber, offer };
}

const GRACE = { peerId: 'grace', displayName: 'Grace', device: {} };

async function inASession() {
  const parts = setUp();
  const { subscriber, offer, log } = parts;
  subscriber.useSession(fakeSession());
  subscriber.joined({ peers: [GRACE], audience: 0 });
  await offer('c1', 'p1');
  expect(log).toEqual(['grace joined', 'microphone added']);
  log.splice(0);
  return parts;
}

test('a migration soon after the join drops nothing that has not come over the new session yet', async () => {
  const { clock, log, subscriber, offer } = await inASession();
  const [track] = subscriber.peer('grace')?.tracks ?? [];
  await clock.advance(9_000);
  subscriber.arrive(fakeSession());
  subscriber.joined({ peers: [GRACE], audience: 0 });
  await clock.advance(5_000);
  expect(log).toEqual([]);
  await offer('c2', 'p1');
  subscriber.settle();
  await settle();
  expect(subscriber.peer('grace')?.tracks).toEqual([track]);
  expect(log).toEqual([]);
  await clock.advance(10_000);
  expect(log).toEqual(['earlier session done']);
});

test('what a session never brought goes after a migration that came to nothing, too', async () => {
  const { clock, log, subscriber } = await inASession();
  subscriber.useSession(fakeSession());
  subscriber.joined({ peers: [GRACE], audience: 0 });
  await clock.advance(9_000);
  subscriber.arrive(fakeSession());
  await clock.advance(5_000);
  subscriber.stay();
  expect(log).toEqual([]);
  await clock.advance(10_000);
  expect(log).toEqual(['microphone removed', 'earlier session done']);
});

test('who is not listed is a number, by the answer of join and by notifications', async () => {
  const { log, subscriber } = await inASession();
  subscriber.useSession(fakeSession());
  subscriber.joined({ peers: [GRACE], audience: 12 });
  expect(subscriber.audience).toBe(12);
  expect(subscriber.notification('audience', { count: 13 })).toBe(true);
  subscriber.notification('audience', { count: 'many' });
  subscriber.notification('audience', { count: 13 });
  subscriber.joined({ peers: [GRACE], audience: 0 });
  expect(log).toEqual(['12 listen', '13 listen', '0 listen']);
});
