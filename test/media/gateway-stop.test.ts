import { connect } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { EXTENSION_METHODS, gatewayClosingSchema } from '../../core/protocol/fleet-extensions';
import { eventually } from '../helpers/eventually';
import { forkNode, nodeVariables, TestNodeProcess, TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';
import { RedisServer } from '../helpers/redis-server';

const JOIN = {
  displayName: 'Ada',
  device: { flag: 'chrome', name: 'Chrome', version: '156' },
  rtpCapabilities: { codecs: [], headerExtensions: [] },
};

describe('a node process', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  const refuses = (port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(false);
      });
      socket.once('error', () => resolve(true));
    });

  function isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  test('leaves nothing behind after SIGTERM: no worker, no port, no record', async () => {
    const prefix = redis.randomPrefix();
    const node = await TestNodeProcess.start({ ...nodeVariables(redis, prefix), FLEET_LOG_LEVEL: 'info' });
    let log = '';
    node.child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const readiness = await fetch(`http://127.0.0.1:${node.ready.httpPort}/readyz`);
    expect(readiness.status).toBe(200);
    const client = await joinFresh(node.url);
    const workerPids = await childrenOf(node.child.pid ?? 0);
    expect(workerPids.length).toBeGreaterThan(0);

    expect(await node.end('SIGTERM')).toBe(0);

    expect((await client.closing()).code).toBe(1012);
    await eventually(() => workerPids.every((pid) => !isAlive(pid)));
    expect(await refuses(node.ready.httpPort)).toBe(true);
    expect(await refuses(node.ready.linkPort)).toBe(true);
    const store = redis.client();
    const left = await store.keys(`{${prefix}}:*`);
    store.disconnect();
    // What the fleet as a whole remembers may stay: no record, lease, claim, room or rank of the node.
    const remembered = /:(generation|events|removed|prior:.*)$/;
    expect(left.filter((key) => !remembered.test(key))).toEqual([]);
    expect(log).toContain('stopping');
  });

  test('ends at once when asked twice, and its workers with it', async () => {
    const node = await TestNodeProcess.start(nodeVariables(redis, redis.randomPrefix()));
    const workerPids = await childrenOf(node.child.pid ?? 0);
    const client = await joinFresh(node.url);
    // A client that does not answer the close holds a stop up for half a second.
    client.socket.pause();
    const exited = once(node.child, 'exit') as Promise<[number | null]>;

    node.child.kill('SIGINT');
    // Ctrl-C reaches the group, then the parent passes its wish on: still one.
    node.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(node.child.exitCode).toBe(null);
    node.child.kill('SIGTERM');

    // A stop that ends in order gives 0.
    expect((await exited)[0]).toBe(1);
    await eventually(() => workerPids.every((pid) => !isAlive(pid)));
    client.socket.terminate();
  });

  test('that can not be configured says which variable in one line, and ends with 78', async () => {
    const child = await forkNode({ ...nodeVariables(redis, 'unused'), FLEET_HTTP_PORTS: '8080' });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(78);
    expect(said.trim()).toBe('FLEET_ERR_CONFIG: FLEET_HTTP_PORTS is not known (see docs/configuration.md)');
  });

  /** A fleet that has just begun refuses new rooms for the time of a lease. */
  const joinFresh = (url: string): Promise<ProtooSocket> =>
    eventually(async () => {
      const client = await ProtooSocket.connect({ url, roomId: 'r', peerId: 'p', query: { resume: '1' } });
      await eventually(() => client.messages.length > 0);
      return client.messages.some((m) => 'notification' in m && m.method === EXTENSION_METHODS.sessionOpened)
        ? client
        : undefined;
    });

  async function childrenOf(pid: number): Promise<number[]> {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(' ').filter(Boolean).map(Number);
  }
});

describe('a gateway that stops', () => {
  test('tells resumable clients when to resume elsewhere, and their sessions go on', async () => {
    const fleet = await TestNodes.start({ count: 3 });
    try {
      await fleet.onlyPlaceOn(1);
      const { client, session } = await ProtooSocket.open({ url: fleet.url(0), roomId: 'r', peerId: 'p' });
      await client.request('getRouterRtpCapabilities');

      await fleet.node(0).close();

      const { data } = await client.notification(EXTENSION_METHODS.gatewayClosing);
      expect(gatewayClosingSchema.parse(data).retryAfterMs).toBeLessThanOrEqual(500);
      expect((await client.closing()).code).toBe(1012);
      const { session: resumed } = await ProtooSocket.open({
        url: fleet.url(2),
        roomId: 'r',
        peerId: 'p',
        query: { resumeToken: session.resumeToken, lastSeq: String(Math.max(...client.seqs)) },
      });
      expect(resumed).toMatchObject({ resumed: true, sessionId: session.sessionId, gatewayNodeId: 'node-c' });
    } finally {
      await fleet.close();
    }
  });

  test('a draining node sends on the clients of other nodes, whose sessions go on', async () => {
    const fleet = await TestNodes.start({ count: 3 });
    try {
      await fleet.onlyPlaceOn(1);
      const { client, session } = await ProtooSocket.open({ url: fleet.url(0), roomId: 'r', peerId: 'p' });
      await client.request('join', JOIN);
      const old = await ProtooSocket.connect({ url: fleet.url(0), roomId: 'r', peerId: 'old' });
      await old.request('join', JOIN);

      const { nodeId, parts } = fleet.node(0);
      await parts.commands.command(nodeId, 'drain', { minutes: 30 });

      const { data } = await client.notification(EXTENSION_METHODS.gatewayClosing);
      expect(gatewayClosingSchema.parse(data).retryAfterMs).toBe(0);
      await client.closing();
      const { session: resumed } = await ProtooSocket.open({
        url: fleet.url(2),
        roomId: 'r',
        peerId: 'p',
        query: { resumeToken: session.resumeToken, lastSeq: String(Math.max(...client.seqs)) },
      });
      expect(resumed).toMatchObject({ resumed: true, sessionId: session.sessionId, gatewayNodeId: 'node-c' });
      // It can't resume: going on elsewhere would end its media.
      expect(old.closed).toBeUndefined();
    } finally {
      await fleet.close();
    }
  });

  test('answers that it stops: its rooms move with the next join, long before its lease ends', async () => {
    const fleet = await TestNodes.start({ count: 2 });
    try {
      await fleet.onlyPlaceOn(1);
      const options = { url: fleet.url(0), roomId: 'r', peerId: 'p' };
      const { client } = await ProtooSocket.open(options);
      await client.request('getRouterRtpCapabilities');
      await fleet.onlyPlaceOn(0);

      // As when it stops while Redis is away: placement was not told, links and heartbeats still stand.
      fleet.node(1).parts.sessions.close();

      expect((await client.closing()).code).toBe(1012);
      const startedMs = Date.now();
      const { session } = await ProtooSocket.open(options);
      expect(session.mediaNodeId).toBe('node-a');
      expect(Date.now() - startedMs).toBeLessThan(2_000);
    } finally {
      await fleet.close();
    }
  });

  test('placement away: a session is resumed over the link that this gateway has', async () => {
    const fleet = await TestNodes.start({ count: 2 });
    try {
      await fleet.onlyPlaceOn(1);
      const options = { url: fleet.url(0), peerId: 'p' };
      const { client: other } = await ProtooSocket.open({ ...options, roomId: 'keeps the link' });
      const { client, session } = await ProtooSocket.open({ ...options, roomId: 'r' });
      await client.request('getRouterRtpCapabilities');
      await fleet.redis.kill();
      client.socket.terminate();

      const { session: resumed } = await ProtooSocket.open({
        ...options,
        roomId: 'r',
        query: { resumeToken: session.resumeToken, lastSeq: String(Math.max(...client.seqs)) },
      });
      expect(resumed).toMatchObject({ resumed: true, sessionId: session.sessionId });
      expect(other.closed).toBeUndefined();
    } finally {
      await fleet.close();
    }
  });

  test('placement away: rooms it knows take more peers, others are told when to try again', async () => {
    const fleet = await TestNodes.start();
    try {
      const options = { url: fleet.url(0), roomId: 'known' };
      const first = await ProtooSocket.connect({ ...options, peerId: 'first' });
      await first.request('getRouterRtpCapabilities');
      await fleet.redis.kill();

      const second = await ProtooSocket.connect({ ...options, peerId: 'second' });
      expect(await second.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      const { client: other } = await connectRefused(fleet.url(0));
      expect((await other.closing()).code).toBe(1013);
      expect(first.closed).toBeUndefined();
    } finally {
      await fleet.close();
    }
  });

  async function connectRefused(url: string) {
    const client = await ProtooSocket.connect({ url, roomId: 'other', peerId: 'p', query: { resume: '1' } });
    const { data } = await client.notification(EXTENSION_METHODS.connectionRefused);
    expect(data).toMatchObject({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retriable: true });
    expect((data as { retryAfterMs?: number }).retryAfterMs).toBeGreaterThan(0);
    return { client };
  }
});
