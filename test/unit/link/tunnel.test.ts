import websocket from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import type { Clock } from '../../../core/clock';
import type { NodeRecord } from '../../../core/placement/placement-port';
import { FleetError } from '../../../core/errors';
import { createHttpApp } from '../../../node-app/http/http-app';
import { tunnelAddress, tunnelPath } from '../../../node-app/link/link-address';
import { LinkHub } from '../../../node-app/link/link-hub';
import { deriveLinkKey, LinkKeys } from '../../../node-app/link/link-secrets';
import { createTunnelProof, TUNNEL_PROOF_HEADER, TunnelProofs } from '../../../node-app/link/tunnel-proof';
import { tunnelRoutes } from '../../../node-app/link/tunnel-routes';
import { TunnelServer } from '../../../node-app/link/tunnel-server';
import { systemClock } from '../../../node-app/system-clock';
import { eventually } from '../../helpers/eventually';

const SECRET = 'the secret of all regions, long enough to be one';
const NEXT = 'the secret of tomorrow, long enough to be one too';
const REGION = 'eu-central-1';

/** A node of the other region, with the endpoint of that region. */
interface Far {
  hub: LinkHub;
  app: FastifyInstance;
  tunnels: TunnelServer;
  url: string;
  linkAddress: string;
}

describe('links through the endpoint of another region', () => {
  const started: { close(): Promise<unknown> }[] = [];
  const logged: { code?: string; reason?: string }[] = [];
  /** What placement knows of that region. */
  const addresses = new Map<string, string>();
  let placementIsAway = false;
  const logger = pino(
    { level: 'warn' },
    { write: (line: string) => void logged.push(JSON.parse(line) as object) },
  );

  afterEach(async () => {
    await Promise.all(started.splice(0).map((part) => part.close()));
    logged.length = 0;
    addresses.clear();
    placementIsAway = false;
  });

  async function startHub(nodeId: string, secrets = [SECRET], clock: Clock = systemClock) {
    const hub = new LinkHub({
      nodeId,
      release: 'test',
      listenHost: '127.0.0.1',
      listenPort: 0,
      keys: new LinkKeys(secrets),
      handlers: {
        onCall: async (_link, _call, params) => ({ echo: params }),
        onSessionFrame: () => undefined,
        onClose: () => undefined,
      },
      clock,
      logger,
    });
    started.push(hub);
    return { hub, linkAddress: `127.0.0.1:${await hub.listen()}` };
  }

  async function startFar(nodeId: string, secrets = [SECRET]): Promise<Far> {
    const { hub, linkAddress } = await startHub(nodeId, secrets);
    addresses.set(nodeId, linkAddress);
    const tunnels = new TunnelServer({
      nodeId,
      hub,
      placement: {
        findNode: async (id) => {
          if (placementIsAway) throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE');
          const known = addresses.get(id);
          return known === undefined ? undefined : ({ linkAddress: known } as NodeRecord);
        },
      },
      clock: systemClock,
    });
    const app = createHttpApp({ logger });
    const proofs = new TunnelProofs({ keys: new LinkKeys(secrets), clock: systemClock });
    // As beside the gateway, whose WebSockets are another plugin's.
    await app.register(async (scope) => scope.register(websocket));
    await app.register(tunnelRoutes, { nodeId, region: REGION, tunnels, proofs, clock: systemClock, logger });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    started.push({
      close: () => {
        tunnels.close();
        return app.close();
      },
    });
    return { hub, app, tunnels, url, linkAddress };
  }

  const addressOf = (far: Far, nodeId: string) => tunnelAddress(far.url, REGION, nodeId);

  /** A raw request for a tunnel: its status, 101 when it is open. */
  function request(far: Far, path: string, proof?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = proof === undefined ? {} : { [TUNNEL_PROOF_HEADER]: proof };
      const socket = new WebSocket(new URL(path, far.url.replace('http', 'ws')), { headers });
      socket.once('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      });
      socket.once('error', reject);
    });
  }

  test('reach the node that takes the request, and carry calls both ways', async () => {
    const near = await startHub('near');
    const far = await startFar('far');
    const link = await near.hub.connect('far', addressOf(far, 'far'));
    expect(await link.call('command', 'x', 1_000)).toEqual({ echo: 'x' });
    const large = 'y'.repeat(3_000_000);
    const back = await eventually(() => far.hub.find('near'));
    expect(await back.call('command', large, 5_000)).toEqual({ echo: large });
    expect(far.tunnels.size).toBe(1);
  });

  test('reach any other node of that region, also while its placement is away, and end with it', async () => {
    const near = await startHub('near');
    const endpoint = await startFar('endpoint');
    const far = await startHub('far');
    addresses.set('far', far.linkAddress);
    const first = await near.hub.connect('far', addressOf(endpoint, 'far'));
    expect(await first.call('command', 'x', 1_000)).toEqual({ echo: 'x' });
    first.close('by the test');
    await eventually(() => endpoint.tunnels.size === 0 && far.hub.find('near') === undefined);
    placementIsAway = true;
    const second = await near.hub.connect('far', addressOf(endpoint, 'far'));
    await far.hub.close();
    await eventually(() => second.closed && endpoint.tunnels.size === 0);
  });

  test('end when the node at either end stops', async () => {
    const near = await startHub('near');
    const far = await startFar('far');
    const link = await near.hub.connect('far', addressOf(far, 'far'));
    await near.hub.close();
    await eventually(() => far.hub.find('near') === undefined && far.tunnels.size === 0);
    expect(link.closed).toBe(true);
  });

  test('stand at every step of a rotation of the secret', async () => {
    const steps = [
      [[SECRET], [SECRET, NEXT]],
      [
        [SECRET, NEXT],
        [NEXT, SECRET],
      ],
      [[NEXT, SECRET], [NEXT]],
    ] as const;
    for (const [index, [one, other]] of steps.entries()) {
      const near = await startHub(`near${index}`, [...one]);
      const far = await startFar(`far${index}`, [...other]);
      await near.hub.connect(`far${index}`, addressOf(far, `far${index}`));
    }
  });

  test('are refused to a node with another secret, with a code in both logs', async () => {
    const near = await startHub('near', [NEXT]);
    const far = await startFar('far');
    await expect(near.hub.connect('far', addressOf(far, 'far'))).rejects.toMatchObject({
      code: 'FLEET_ERR_NODE_UNREACHABLE',
      evidence: 'unreachable',
      cause: { code: 'FLEET_ERR_LINK_REFUSED' },
    });
    expect(logged).toContainEqual(
      expect.objectContaining({ code: 'FLEET_ERR_LINK_REFUSED', reason: 'the link secret is another one' }),
    );
    expect(far.hub.figures()).toEqual({ connecting: 0, connected: 0 });
    expect(far.tunnels.size).toBe(0);
  });

  test('a proof counts once, for its path only, and not after a quarter of an hour', async () => {
    const far = await startFar('far');
    const key = deriveLinkKey(SECRET);
    const path = tunnelPath(REGION, 'far');
    const nowMs = Date.now();
    const proof = createTunnelProof(key, path, nowMs);
    expect(await request(far, path, proof)).toBe(101);
    expect(await request(far, path, proof)).toBe(401);
    expect(await request(far, tunnelPath(REGION, 'other'), createTunnelProof(key, path, nowMs))).toBe(401);
    expect(await request(far, path, createTunnelProof(key, path, nowMs - 16 * 60_000))).toBe(401);
    expect(await request(far, path, createTunnelProof(key, path, nowMs + 16 * 60_000))).toBe(401);
    for (const skewMs of [-600_000, 600_000]) {
      expect(await request(far, path, createTunnelProof(key, path, nowMs + skewMs))).toBe(101);
    }
  });

  test.each([
    ['none', undefined],
    ['nonsense', 'let me in'],
    [
      'one with a MAC that is not its own',
      `1.${deriveLinkKey(SECRET).identity}.${Date.now()}.${'n'.repeat(24)}.${'A'.repeat(43)}`,
    ],
  ])('strangers get no further than the proof: %s', async (_what, proof) => {
    const far = await startFar('far');
    expect(await request(far, tunnelPath(REGION, 'far'), proof)).toBe(401);
    expect(await request(far, tunnelPath(REGION, 'nobody'), proof)).toBe(401);
    const plain = await fetch(new URL(tunnelPath(REGION), far.url));
    expect(plain.status).toBe(401);
    expect(await plain.json()).toMatchObject({ code: 'FLEET_ERR_LINK_REFUSED' });
  });

  test('a proof lets nobody link who does not know the secret', async () => {
    const far = await startFar('far');
    const path = tunnelPath(REGION, 'far');
    const proof = createTunnelProof(deriveLinkKey(SECRET), path, Date.now());
    const socket = new WebSocket(new URL(path, far.url.replace('http', 'ws')), {
      headers: { [TUNNEL_PROOF_HEADER]: proof },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    await eventually(() => far.tunnels.size === 0);
    expect(far.hub.figures().connected).toBe(0);
  });

  test('a node that is not there is answered, not waited for', async () => {
    const near = await startHub('near');
    const far = await startFar('far');
    await expect(near.hub.connect('nobody', addressOf(far, 'nobody'))).rejects.toThrow(/answers 404/);
    const gone = await startHub('gone');
    addresses.set('gone', gone.linkAddress);
    await gone.hub.close();
    await expect(near.hub.connect('gone', addressOf(far, 'gone'))).rejects.toThrow(/answers 503/);
    expect(far.tunnels.size).toBe(0);
  });

  test('the endpoint of another region than the one meant leads nowhere', async () => {
    const near = await startHub('near');
    const far = await startFar('far');
    const wrong = tunnelAddress(far.url, 'us-east-1', 'far');
    await expect(near.hub.connect('far', wrong)).rejects.toThrow(/answers 404/);
  });
});
