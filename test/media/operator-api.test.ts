import { pino } from 'pino';
import type { RoomEvent } from '../../core/room-events';
import { mintToken } from '../../local/token/mint-token';
import { type FleetNode, startNode } from '../../node-app/compose';
import { parseConfig } from '../../node-app/config';
import { systemClock } from '../../node-app/system-clock';
import { verifyWebhookSignature } from '../../node-app/webhooks/webhook-signature';
import { findWorkerBin } from '../../scripts/setup/parts.cjs';
import { eventually } from '../helpers/eventually';
import { RedisServer } from '../helpers/redis-server';
import { SignallingPeer } from '../helpers/signalling-peer';
import { WebhookReceiver } from '../helpers/webhook-receiver';

/** The operator's HTTP surface on two real nodes: what one is asked, the other may have to do. */

const OPERATOR_KEY = { kid: 'ops', alg: 'HS256', secret: 'o'.repeat(32) } as const;
const WEBHOOK_SECRET = 'webhook-secret-of-the-test';

const hooks = new WebhookReceiver();
let redis: RedisServer;
let nodes: FleetNode[] = [];
let token: string;
const peers: SignallingPeer[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
  await hooks.start();
  const prefix = redis.randomPrefix();
  nodes = await Promise.all(['node-a', 'node-b'].map((nodeId) => start(nodeId, prefix)));
  token = await mintToken({
    key: OPERATOR_KEY,
    request: { kind: 'operator' },
    subject: 'ada',
    ttlMs: 600_000,
    nowMs: Date.now(),
  });
});

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await hooks.stop();
  await redis.stop();
});

function start(nodeId: string, prefix: string): Promise<FleetNode> {
  const config = parseConfig({
    FLEET_NODE_ID: nodeId,
    FLEET_REDIS_URL: redis.url,
    FLEET_REDIS_PREFIX: prefix,
    FLEET_HTTP_PORT: '0',
    FLEET_LINK_PORT: '0',
    FLEET_MEDIA_PORT_BASE: '0',
    FLEET_WORKERS: '1',
    FLEET_LINK_SECRETS: 'l'.repeat(32),
    FLEET_AUTH: 'open',
    FLEET_ADMIN_TOKEN_KEYS: JSON.stringify([OPERATOR_KEY]),
    FLEET_WEBHOOK_URLS: hooks.url,
    FLEET_WEBHOOK_SECRETS: WEBHOOK_SECRET,
  });
  return startNode({
    config,
    workerBin: findWorkerBin(),
    clock: systemClock,
    random: Math.random,
    logger: pino({ level: 'silent' }),
  });
}

/** By any node: `via` counts. JSON is parsed, unless the call is refused or asks for metrics. */
async function ask(
  via: number,
  path: string,
  method = 'GET',
  bearer = token,
  json?: object,
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${nodes[via]?.httpPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, ...(json && { 'content-type': 'application/json' }) },
    ...(json && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const isText = path === '/metrics' || response.status === 401;
  return { status: response.status, body: isText ? text : JSON.parse(text) };
}

interface Answer {
  status: number;
  body: unknown;
}

interface RoomAnswer {
  nodes: string[];
  live: { nodeId: string; room?: { peers: { peerId: string; producers: number }[] } }[];
}

/** Tries again while the fleet is too young to place rooms. */
async function join(via: number, roomId: string, peerId: string): Promise<SignallingPeer> {
  return eventually(async () => {
    const peer = await SignallingPeer.connect({
      url: `ws://127.0.0.1:${nodes[via]?.httpPort}`,
      roomId,
      peerId,
    });
    peers.push(peer);
    await peer.join({ publish: true });
    return peer;
  });
}

const indexOf = (nodeId: string | undefined) => nodes.findIndex((node) => node.nodeId === nodeId);

async function roomNode(roomId: string): Promise<{ carrier: number; other: number }> {
  const { body } = await ask(0, `/v1/rooms/${roomId}`);
  const carrier = indexOf((body as RoomAnswer).nodes[0]);
  return { carrier, other: 1 - carrier };
}

const eventsOf = (roomId: string): RoomEvent[] =>
  hooks.requests.map(({ event }) => event).filter((event) => event.roomId === roomId);

describe('an operator', () => {
  it('sees a room with its peers from every node', async () => {
    await join(0, 'seen', 'ada');
    await join(1, 'seen', 'bob');

    for (const via of [0, 1]) {
      await eventually(async () => {
        const { body } = await ask(via, '/v1/rooms/seen');
        expect(body).toMatchObject({
          roomId: 'seen',
          peers: 2,
          live: [
            {
              room: {
                roomId: 'seen',
                peers: [
                  { peerId: 'ada', displayName: expect.any(String) as unknown, producers: 2 },
                  { peerId: 'bob', producers: 2 },
                ],
              },
            },
          ],
        });
        return true;
      });
    }
    const { body } = await ask(1, '/v1/rooms?limit=1000');
    expect((body as { rooms: { roomId: string }[] }).rooms.map(({ roomId }) => roomId)).toContain('seen');
  });

  it('removes a peer through a node that does not carry it, and its room goes on', async () => {
    const ada = await join(0, 'removal', 'ada');
    const bob = await join(0, 'removal', 'bob');
    const { other } = await roomNode('removal');

    expect(await ask(other, '/v1/rooms/removal/peers/bob?reason=abuse', 'DELETE')).toMatchObject({
      status: 200,
      body: { peerId: 'bob' },
    });

    await eventually(() => bob.closed?.code === 4000);
    expect(bob.notifications).toContainEqual(
      expect.objectContaining({
        method: 'connectionRefused',
        data: expect.objectContaining({ code: 'FLEET_ERR_PEER_REMOVED' }) as unknown,
      }),
    );
    await eventually(() => ada.notifications.some(({ method }) => method === 'peerClosed'));
    expect(ada.closed).toBeUndefined();
    expect(await ask(other, '/v1/rooms/removal/peers/bob', 'DELETE')).toMatchObject({ status: 404 });
  });

  it('closes a room through a node that does not carry it, and the webhooks tell its whole life', async () => {
    const ada = await join(1, 'closing', 'ada');
    const { other } = await roomNode('closing');

    expect((await ask(other, '/v1/rooms/closing', 'DELETE')).status).toBe(200);

    await eventually(() => ada.closed?.code === 4000);
    await eventually(() => eventsOf('closing').length === 4);
    expect(eventsOf('closing')).toMatchObject([
      { type: 'roomStarted' },
      { type: 'peerJoined', peerId: 'ada' },
      { type: 'peerLeft', peerId: 'ada', reason: 'roomClosed' },
      { type: 'roomEnded', reason: 'closed', peakPeers: 1 },
    ]);
    expect(new Set(eventsOf('closing').map(({ epoch }) => epoch)).size).toBe(1);
    for (const { body, headers } of hooks.requests) {
      const header = headers['fleet-signature'] as string;
      verifyWebhookSignature({ header, body, secrets: [WEBHOOK_SECRET], nowMs: Date.now() });
    }
    await eventually(async () => (await ask(0, '/v1/rooms/closing')).status === 404);
  });

  it('cordons a node through the other one, and new rooms avoid it until it is uncordoned', async () => {
    const beforeMs = Date.now();
    expect(await ask(0, '/v1/nodes/node-b/cordon', 'POST', token, { reason: 'kernel update' })).toMatchObject(
      {
        status: 200,
        body: { nodeId: 'node-b', state: 'CORDONED' },
      },
    );

    const { body: cordoned } = await ask(0, '/v1/nodes/node-b');
    const { cordon } = cordoned as { cordon: { reason: string; sinceMs: number } };
    expect(cordon.reason).toBe('kernel update');
    expect(cordon.sinceMs).toBeGreaterThanOrEqual(beforeMs);
    expect(await ask(1, '/readyz')).toMatchObject({ status: 503, body: { reasons: ['cordoned'] } });
    expect((await ask(1, '/healthz')).status).toBe(200);
    for (let room = 0; room < 4; room += 1) await join(room % 2, `avoids-${room}`, 'ada');
    for (let room = 0; room < 4; room += 1) expect((await roomNode(`avoids-${room}`)).carrier).toBe(0);

    expect((await ask(0, '/v1/nodes/node-b/uncordon', 'POST')).body).toEqual({
      nodeId: 'node-b',
      state: 'SERVING',
    });
    expect((await ask(1, '/readyz')).status).toBe(200);
    expect((await ask(0, '/v1/nodes/node-b')).body).not.toHaveProperty('cordon');
  });

  it('finds the joins of a gateway and the rooms of a node in its metrics', async () => {
    await join(0, 'metered', 'ada');
    const { carrier } = await roomNode('metered');

    expect((await ask(0, '/metrics')).body).toMatch(/^fleet_joins_total\{result="ok"\} [1-9]/m);
    expect((await ask(carrier, '/metrics')).body).toMatch(/^fleet_node_rooms [1-9]/m);
    expect((await ask(carrier, '/metrics')).body).toMatch(/^fleet_node_producers [1-9]/m);
    await eventually(async () =>
      /^fleet_webhooks_delivered_total [1-9]/m.test((await ask(carrier, '/metrics')).body as string),
    );
  });

  it('sees liveness and readiness stay green over a Redis outage, calls that go on, and rooms that come back', async () => {
    const ada = await join(0, 'outage', 'ada');
    const { carrier } = await roomNode('outage');

    await redis.kill();
    for (const via of [0, 1]) {
      await eventually(async () => {
        const ready = await ask(via, '/readyz');
        expect(ready).toMatchObject({ status: 200, body: { ready: true, placement: { redisUp: false } } });
        return true;
      });
      expect((await ask(via, '/healthz')).status).toBe(200);
      expect(await ask(via, '/v1/rooms/outage')).toMatchObject({
        status: 503,
        body: { code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retryAfterMs: expect.any(Number) as number },
      });
    }
    expect((await ask(carrier, '/metrics')).body).toMatch(/^fleet_redis_up 0$/m);
    await join(0, 'outage', 'bob');
    await eventually(() => ada.notifications.some(({ method }) => method === 'newPeer'));

    await redis.restart({ empty: true });
    await eventually(async () => {
      expect(await ask(1 - carrier, '/v1/rooms/outage')).toMatchObject({ status: 200, body: { peers: 2 } });
      return true;
    });
    expect(ada.closed).toBeUndefined();
    await eventually(async () => {
      const { body } = await ask(0, '/v1/events');
      return (body as { events: { kind: string }[] }).events.some(({ kind }) => kind === 'generation-began');
    });
  });

  it('with a forged token gets nowhere', async () => {
    const forged = await mintToken({
      key: { ...OPERATOR_KEY, secret: 'x'.repeat(32) },
      request: { kind: 'operator' },
      ttlMs: 60_000,
      nowMs: Date.now(),
    });
    for (const path of ['/v1/nodes', '/metrics']) {
      expect(await ask(0, path, 'GET', forged)).toMatchObject({
        status: 401,
        body: expect.stringContaining('FLEET_ERR_TOKEN_INVALID') as string,
      });
    }
  });
});
