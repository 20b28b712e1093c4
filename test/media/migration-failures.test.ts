import { randomBytes } from 'node:crypto';
import { TOKEN_CLOCK_SKEW_SECONDS } from '../../core/auth/token-claims';
import { mintToken } from '../../local/token/mint-token';
import { eventually } from '../helpers/eventually';
import { nodeVariables, TestNodeProcess, TestNodes } from '../helpers/fleet-node';
import { MigratingClient, type MigratingClientOptions } from '../helpers/migrating-client';

const ROOM = 'r';
/** In this process; everybody's gateway. */
const A = 'node-a';
/** Processes of their own, which a test kills. */
const B = 'node-b';
const C = 'node-c';
const KEY = {
  kid: 'k1',
  alg: 'HS256',
  secret: 'a secret of the tests, thirty-two characters and more',
} as const;

/** What goes wrong while people migrate: each goes on, or comes back, and meets the others. */
describe('while a room migrates', () => {
  let fleet: TestNodes;
  let processes: Map<string, TestNodeProcess>;
  let clients: MigratingClient[];

  beforeEach(async () => {
    processes = new Map();
    clients = [];
    const shared = {
      FLEET_LINK_SECRETS: randomBytes(32).toString('hex'),
      FLEET_HEARD_SPEAKERS: '0',
      FLEET_AUTH: 'token',
      FLEET_TOKEN_KEYS: JSON.stringify([KEY]),
    };
    fleet = await TestNodes.start({ env: shared });
    const variables = { ...nodeVariables(fleet.redis, fleet.prefix), ...shared };
    await Promise.all(
      [B, C].map(async (nodeId) =>
        processes.set(nodeId, await TestNodeProcess.start({ ...variables, FLEET_NODE_ID: nodeId })),
      ),
    );
    await eventually(async () => (await fleet.node(0).parts.placement.listNodes()).length === 3);
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.leave()));
    // A node that lives forgets whom it had.
    await eventually(() => fleet.node(0).parts.media.figures().rooms === 0);
    await Promise.all([...processes.values()].map((process) => process.end('SIGKILL')));
    await fleet.close();
  });

  const command = (nodeId: string, name: 'cordon' | 'uncordon' | 'migrateRoom', data: object) =>
    fleet.node(0).parts.commands.command(nodeId, name, data);

  async function onlyPlaceOn(nodeId: string): Promise<void> {
    const alive = [
      A,
      ...[...processes].filter(([, { child }]) => child.signalCode === null).map(([id]) => id),
    ];
    for (const id of alive) await command(id, id === nodeId ? 'uncordon' : 'cordon', {});
  }

  const tokenOf = (peer?: string, ttlMs = 600_000, nowMs = Date.now()) =>
    mintToken({
      request: { kind: 'peer', room: ROOM, peer, canPublish: true, canSubscribe: true, canPublishData: true },
      key: KEY,
      ttlMs,
      nowMs,
    });

  async function join(
    peerId: string,
    options: Partial<MigratingClientOptions> = {},
  ): Promise<MigratingClient> {
    const query = { token: await tokenOf(peerId) };
    const client = await MigratingClient.join({ url: fleet.url(0), roomId: ROOM, peerId, query, ...options });
    clients.push(client);
    return client;
  }

  async function moveOff(from: string, to: string): Promise<void> {
    await onlyPlaceOn(to);
    await command(from, 'migrateRoom', { roomId: ROOM });
  }

  const kill = (nodeId: string) => processes.get(nodeId)?.end('SIGKILL');

  /** The others have not noticed that anything was tried. */
  function expectNothingSeenBy(client: MigratingClient): void {
    const { peer } = client.current.demo;
    expect([...peer.notifications('peerClosed'), ...peer.notifications('newPeer')]).toEqual([]);
    expect(peer.closedWith).toBeUndefined();
  }

  test('the node dies to which somebody is about to go: everybody stays, and goes to another one', async () => {
    await onlyPlaceOn(A);
    const [ada, grace] = [await join('ada'), await join('grace')];
    await grace.receives('ada');
    await moveOff(A, B);
    await eventually(() => ada.asked === 1);
    const gap = await grace.longestGap('ada', async () => {
      const arrived = await ada.arrive();
      await ada.publish();
      expect(ada.nodeId).toBe(B);
      await kill(B);
      await eventually(() => arrived.demo.peer.closedWith !== undefined);
      await ada.stay();
      await grace.receives('ada');
      await ada.receives('grace');
    });
    expect(ada.nodeId).toBe(A);
    expectNothingSeenBy(grace);
    // A hang's bound, no measure.
    expect(gap).toBeLessThan(2_000);

    await onlyPlaceOn(C);
    await Promise.all([ada.migrate(), grace.migrate()]);
    expect([ada.nodeId, grace.nodeId]).toEqual([C, C]);
    await grace.receives('ada');
    await ada.receives('grace');
  });

  test('the node dies that somebody is about to leave: who has a place elsewhere keeps it, the other comes there', async () => {
    await onlyPlaceOn(B);
    const [ada, grace] = [await join('ada'), await join('grace')];
    expect([ada.nodeId, grace.nodeId]).toEqual([B, B]);
    await moveOff(B, C);
    await eventually(() => ada.asked === 1);
    await ada.arrive();
    await ada.publish();
    await kill(B);
    await ada.current.demo.peer.request('takeOver');
    await eventually(() => grace.current.demo.peer.closedWith !== undefined);

    const again = await eventually(() => join('grace'));
    expect([ada.nodeId, again.nodeId]).toEqual([C, C]);
    await again.receives('ada');
    await ada.receives('grace');
    expect(ada.current.demo.peer.closedWith).toBeUndefined();
  });

  test('a client opens the other session twice: the last one counts', async () => {
    await onlyPlaceOn(A);
    const [ada, grace] = [await join('ada'), await join('grace')];
    await grace.receives('ada');
    await moveOff(A, B);
    await eventually(() => ada.asked === 1);
    const token = ada.current.port.opened;
    const lost = await ada.arrive();
    // It never heard of that one, and tries again with what it had.
    ada.sessions.pop();
    expect(ada.current.port.opened).toBe(token);
    await ada.arrive();
    expect(await eventually(() => lost.demo.peer.closedWith)).toMatchObject({
      code: 'FLEET_ERR_PEER_REPLACED',
    });
    await ada.publish();
    await ada.current.demo.peer.request('takeOver');
    await ada.endMedia(lost);
    await grace.receives('ada');
    expect(grace.current.demo.peer.notifications('peerClosed')).toEqual([]);
  });

  test('the others leave: who is about to go hears of it there', async () => {
    await onlyPlaceOn(A);
    const [ada, grace] = [await join('ada'), await join('grace')];
    await moveOff(A, B);
    await eventually(() => ada.asked === 1);
    const { demo, found } = await ada.arrive();
    expect(found).toEqual(['grace']);
    await grace.leave();
    await eventually(() => demo.peer.notifications('peerClosed').length > 0);
    expect(demo.peer.notifications('peerClosed')).toEqual([{ peerId: 'grace' }]);
    await demo.peer.request('takeOver');
    expect(ada.consumers()).toEqual([]);
    await eventually(() => fleet.node(0).parts.media.figures().rooms === 0);
    expect(demo.peer.closedWith).toBeUndefined();
  });

  test('an access token that has expired keeps nobody from going', async () => {
    await onlyPlaceOn(A);
    // The fleet forgives clocks that are apart so much; so this one is good for four more seconds.
    const skewMs = TOKEN_CLOCK_SKEW_SECONDS * 1_000;
    const mintedAtMs = Date.now() - skewMs;
    const query = { token: await tokenOf(undefined, 4_000, mintedAtMs) };
    const ada = await join('ada', { query });
    const grace = await join('grace');
    await eventually(() => Date.now() > mintedAtMs + 5_000 + skewMs);
    await expect(join('late', { query })).rejects.toMatchObject({ code: 'FLEET_ERR_TOKEN_EXPIRED' });
    await moveOff(A, B);
    await ada.migrate();
    expect(ada.nodeId).toBe(B);
    await grace.receives('ada');
  });
});
