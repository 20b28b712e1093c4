import type { Clock, Timer } from '../../../core/clock';
import { FleetError } from '../../../core/errors';
import type { RoomEvent } from '../../../core/room-events';
import { systemClock } from '../../../node-app/system-clock';
import {
  WebhookDispatcher,
  type WebhookDispatcherOptions,
} from '../../../node-app/webhooks/webhook-dispatcher';
import { webhookEventSchema } from '../../../node-app/webhooks/webhook-event';
import { verifyWebhookSignature } from '../../../node-app/webhooks/webhook-signature';
import { eventually } from '../../helpers/eventually';
import { WebhookReceiver, answer } from '../../helpers/webhook-receiver';

const SECRET = 'a-secret-that-only-we-two-know';

/** The machine's clock with its timers a hundred times as fast: 1 s of back-off takes 10 ms. */
const fastClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback): Timer => systemClock.setTimer(delayMs / 100, callback),
};

const receiver = new WebhookReceiver();
const dispatchers: WebhookDispatcher[] = [];
let logs: { level: string; message: string; details: object }[];

beforeEach(async () => {
  logs = [];
  receiver.requests.length = 0;
  receiver.mostAtOnce = 0;
  receiver.behaviour = (_received, response) => response.end('ok');
  await receiver.start();
});

afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.close({ flushMs: 0 })));
  await receiver.stop();
});

function dispatch(options: Partial<WebhookDispatcherOptions> = {}): WebhookDispatcher {
  const log = (level: string) => (details: object, message: string) => logs.push({ level, message, details });
  const dispatcher = new WebhookDispatcher({
    nodeId: 'node-a',
    release: '0.1.0',
    urls: [receiver.url],
    secrets: [SECRET],
    clock: fastClock,
    random: () => 0.5,
    logger: { info: log('info'), warn: log('warn') },
    ...options,
    // Long against the fast clock: only the tests of time-outs should see one.
    limits: { timeoutMs: 500_000, ...options.limits },
  });
  dispatchers.push(dispatcher);
  return dispatcher;
}

const joined = (roomId: string, peerId: string): RoomEvent => ({
  type: 'peerJoined',
  roomId,
  epoch: 3,
  atMs: 1_000,
  peerId,
});

const peersOf = (roomId: string) =>
  receiver.requests
    .map(({ event }) => (event.roomId === roomId && 'peerId' in event ? event.peerId : ''))
    .filter(Boolean);

describe('webhooks', () => {
  it('bring every kind of event, signed, with an id of its own', async () => {
    const events: RoomEvent[] = [
      { type: 'roomStarted', roomId: 'r', epoch: 3, atMs: 1_000 },
      joined('r', 'ada'),
      {
        type: 'peerLeft',
        roomId: 'r',
        epoch: 3,
        atMs: 5_000,
        peerId: 'ada',
        reason: 'left',
        durationMs: 4_000,
      },
      {
        type: 'roomEnded',
        roomId: 'r',
        epoch: 3,
        atMs: 5_000,
        reason: 'empty',
        durationMs: 4_000,
        peakPeers: 1,
      },
    ];
    const dispatcher = dispatch();

    for (const event of events) dispatcher.emit(event);
    await eventually(() => dispatcher.figures().delivered === 4);

    expect(receiver.requests.map(({ event: { id: _id, nodeId: _nodeId, ...event } }) => event)).toEqual(
      events,
    );
    expect(new Set(receiver.requests.map(({ event }) => event.id)).size).toBe(4);
    for (const { event, body, headers } of receiver.requests) {
      expect(webhookEventSchema.parse(event)).toEqual(event);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': 'mediasoup-fleet/0.1.0',
        'fleet-event-id': event.id,
        'fleet-delivery-attempt': '1',
      });
      const header = headers['fleet-signature'] as string;
      verifyWebhookSignature({ header, body, secrets: [SECRET], nowMs: Date.now() });
    }
  });

  it('arrive in order within a room though one of them fails, and keep their id', async () => {
    let failures = 2;
    receiver.behaviour = ({ event }, response) => {
      const fails = 'peerId' in event && event.peerId === 'p1' && failures-- > 0;
      response.writeHead(fails ? 503 : 204).end();
    };
    const dispatcher = dispatch();

    for (let peer = 0; peer < 4; peer += 1) dispatcher.emit(joined('r', `p${peer}`));
    await eventually(() => dispatcher.figures().delivered === 4);

    expect(peersOf('r')).toEqual(['p0', 'p1', 'p1', 'p1', 'p2', 'p3']);
    expect(new Set(receiver.requests.map(({ event }) => event.id)).size).toBe(4);
    expect(receiver.requests.map(({ headers }) => headers['fleet-delivery-attempt'])).toEqual(
      '1 1 2 3 1 1'.split(' '),
    );
    expect(dispatcher.figures()).toEqual({ queued: 0, delivered: 4, dropped: 0, failedAttempts: 2 });
  });

  it('of other rooms are not held up by a room whose event is refused', async () => {
    receiver.behaviour = ({ event }, response) =>
      response.writeHead(event.roomId === 'bad' ? 500 : 200).end();
    const dispatcher = dispatch();

    dispatcher.emit(joined('bad', 'p'));
    for (let room = 0; room < 20; room += 1) dispatcher.emit(joined(`good-${room}`, 'p'));

    await eventually(() => dispatcher.figures().delivered === 20);
  });

  it('never have more than so many requests open at one receiver', async () => {
    receiver.behaviour = (_received, response) => void setTimeout(() => response.end(), 20);
    const dispatcher = dispatch({ limits: { maxConcurrent: 3 } });

    for (let room = 0; room < 12; room += 1) dispatcher.emit(joined(`r${room}`, 'p'));
    await eventually(() => dispatcher.figures().delivered === 12);

    expect(receiver.mostAtOnce).toBe(3);
  });

  it('wait for a receiver that restarts', async () => {
    const dispatcher = dispatch();
    dispatcher.emit(joined('r', 'before'));
    await eventually(() => dispatcher.figures().delivered === 1);

    await receiver.stop();
    dispatcher.emit(joined('r', 'meanwhile'));
    dispatcher.emit(joined('r', 'also meanwhile'));
    await eventually(() => dispatcher.figures().failedAttempts > 0);
    await receiver.start();

    await eventually(() => dispatcher.figures().delivered === 3);
    expect(peersOf('r')).toEqual(['before', 'meanwhile', 'also meanwhile']);
  });

  it('give a receiver that does not answer so long and no longer', async () => {
    let hangs = true;
    receiver.behaviour = (_received, response) => {
      if (!hangs) response.end();
      hangs = false;
    };
    const dispatcher = dispatch({ limits: { timeoutMs: 50_000 } });

    dispatcher.emit(joined('r', 'p'));

    await eventually(() => dispatcher.figures().delivered === 1);
    // A busy machine may be too late for the next one too.
    expect(dispatcher.figures().failedAttempts).toBeGreaterThanOrEqual(1);
  });

  it('take an answer whose body never ends', async () => {
    receiver.behaviour = (_received, response) => {
      const more = setInterval(() => response.write('x'.repeat(8_192)), 1);
      response.on('close', () => clearInterval(more));
    };
    const dispatcher = dispatch();

    dispatcher.emit(joined('r', 'p'));
    await eventually(() => dispatcher.figures().delivered === 1);
  });

  it('are given up after so many tries, with one line, and the room goes on', async () => {
    receiver.behaviour = ({ event }, response) =>
      response.writeHead('peerId' in event && event.peerId === 'cursed' ? 400 : 200).end();
    const dispatcher = dispatch({ limits: { maxAttempts: 3 } });

    dispatcher.emit(joined('r', 'cursed'));
    dispatcher.emit(joined('r', 'next'));
    await eventually(() => dispatcher.figures().delivered === 1);

    expect(peersOf('r')).toEqual(['cursed', 'cursed', 'cursed', 'next']);
    expect(dispatcher.figures()).toMatchObject({ dropped: 1, failedAttempts: 3 });
    expect(logs).toMatchObject([
      { level: 'warn', message: 'webhook given up', details: { attempts: 3, failure: 'status 400' } },
    ]);
  });

  it('wait as long as the receiver asks for', async () => {
    const arrivals: number[] = [];
    receiver.behaviour = (received, response) => {
      arrivals.push(performance.now());
      answer(arrivals.length === 1 ? 429 : 200, { 'retry-after': '30' })(received, response);
    };
    const dispatcher = dispatch();

    dispatcher.emit(joined('r', 'p'));
    await eventually(() => dispatcher.figures().delivered === 1);

    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThan(250);
  });

  it('go to no other address, whatever a receiver answers', async () => {
    const elsewhere = new WebhookReceiver();
    await elsewhere.start();
    receiver.behaviour = answer(307, { location: elsewhere.url });
    const dispatcher = dispatch({ limits: { maxAttempts: 2 } });

    dispatcher.emit(joined('r', 'p'));
    await eventually(() => dispatcher.figures().dropped === 1);
    await elsewhere.stop();

    expect(receiver.requests).toHaveLength(2);
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('drop the oldest when the queue is full, and say so once', async () => {
    receiver.behaviour = () => undefined;
    const dispatcher = dispatch({ limits: { maxQueued: 10, maxConcurrent: 1 } });

    for (let peer = 0; peer < 1_000; peer += 1) dispatcher.emit(joined(`r${peer % 3}`, `p${peer}`));
    expect(dispatcher.figures()).toMatchObject({ queued: 10, dropped: 990 });
    expect(logs.map(({ message }) => message)).toEqual(['webhook queue full, dropping the oldest']);

    await eventually(() => receiver.requests.length === 1);
    receiver.behaviour = answer(200);
    await receiver.stop();
    await receiver.start();
    await eventually(() => dispatcher.figures().queued === 0);

    // The one that was on its way when the queue ran full is not taken back.
    const kept = ['p0', ...Array.from({ length: 9 }, (_, index) => `p${991 + index}`)];
    const delivered = receiver.requests.map(({ event }) => ('peerId' in event ? event.peerId : ''));
    expect([...new Set(delivered)].sort()).toEqual(kept);
    expect(logs.at(-1)).toMatchObject({ message: 'webhook queue has room again', details: { dropped: 990 } });
  });

  it('are each sent to all receivers, and one that is away does not hold up the other', async () => {
    const away = new WebhookReceiver();
    await away.start();
    await away.stop();
    const dispatcher = dispatch({ urls: [away.url, receiver.url] });

    for (let peer = 0; peer < 5; peer += 1) dispatcher.emit(joined('r', `p${peer}`));

    await eventually(() => peersOf('r').length === 5);
    // A receiver has a delivery before its answer is back.
    await eventually(() => dispatcher.figures().queued === 5);
  });

  it('that are queued at the stop are still delivered, within the time given', async () => {
    receiver.behaviour = (_received, response) => void setTimeout(() => response.end(), 10);
    const dispatcher = dispatch();
    for (let peer = 0; peer < 5; peer += 1) dispatcher.emit(joined('r', `p${peer}`));

    await dispatcher.close({ flushMs: 500_000 });
    dispatcher.emit(joined('r', 'too late'));
    await dispatcher.close({ flushMs: 500_000 });

    expect(peersOf('r')).toHaveLength(5);
    expect(dispatcher.figures()).toEqual({ queued: 0, delivered: 5, dropped: 1, failedAttempts: 0 });
  });

  it('never keep a node from stopping', async () => {
    receiver.behaviour = () => undefined;
    const dispatcher = dispatch();
    for (let room = 0; room < 20; room += 1) dispatcher.emit(joined(`r${room}`, 'p'));

    await dispatcher.close({ flushMs: 2_000 });

    expect(dispatcher.figures()).toMatchObject({ queued: 0, dropped: 20 });
  });

  it('without any receiver cost nothing', () => {
    const dispatcher = dispatch({ urls: [], secrets: [] });
    dispatcher.emit(joined('r', 'p'));
    expect(dispatcher.figures()).toEqual({ queued: 0, delivered: 0, dropped: 0, failedAttempts: 0 });
  });

  it.each([
    [{ urls: ['ftp://example.org/'] }],
    [{ urls: ['nonsense with s3cret'] }],
    [{ urls: ['https://user:s3cret@example.org/'] }],
    [{ secrets: [] }],
  ])('stop the start when they are configured as %j, without repeating it', (options) => {
    expect(() => dispatch(options)).toThrow(FleetError);
    expect(() => dispatch(options)).not.toThrow(/s3cret/);
  });
});
