import { type RunningNode, TOKEN_ACCESS, startNode } from './operator-fixture';

let node: RunningNode;
beforeEach(async () => {
  node = await startNode(TOKEN_ACCESS);
});
afterEach(() => node.close());

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(node.url + path);
  return { status: response.status, body: await response.json() };
}

describe('/healthz', () => {
  it('stays green without Redis, without workers and while draining, so that nothing restarts running calls', async () => {
    Object.assign(node.facts, {
      redisUp: false,
      heartbeatAgeMs: 420_000,
      workersAlive: 0,
      state: 'DRAINING',
      phase: 'stopping',
    });
    node.fleet.placementFailure = new Error('Redis is away');

    expect(await get('/healthz')).toEqual({
      status: 200,
      body: { status: 'ok', nodeId: 'node-a', release: '0.1.0' },
    });
  });
});

describe('/readyz', () => {
  it('says ready with its reasons empty while the node serves', async () => {
    expect(await get('/readyz')).toEqual({
      status: 200,
      body: {
        ready: true,
        reasons: [],
        nodeId: 'node-a',
        release: '0.1.0',
        state: 'SERVING',
        workersAlive: 1,
        placement: { redisUp: true, heartbeatAgeMs: 12 },
      },
    });
  });

  it('stays ready when Redis is away, and says that it is', async () => {
    Object.assign(node.facts, { redisUp: false, heartbeatAgeMs: 420_000 });

    const { status, body } = await get('/readyz');

    expect(status).toBe(200);
    expect(body).toMatchObject({ ready: true, placement: { redisUp: false, heartbeatAgeMs: 420_000 } });
  });

  it.each([
    [{ phase: 'starting', workersAlive: 0 }, ['starting']],
    [{ phase: 'stopping' }, ['stopping']],
    [{ workersAlive: 0 }, ['noWorkerAlive']],
    [{ state: 'CORDONED' }, ['cordoned']],
    [{ state: 'DRAINING', phase: 'stopping' }, ['stopping', 'draining']],
    [{ state: 'DRAINED' }, ['drained']],
  ])('is not ready with %j', async (facts, reasons) => {
    Object.assign(node.facts, facts);

    const { status, body } = await get('/readyz');

    expect(status).toBe(503);
    expect(body).toMatchObject({ ready: false, reasons });
  });

  it('needs no token and takes none', async () => {
    const { status } = await get('/readyz?token=anything');
    expect(status).toBe(200);
  });
});
