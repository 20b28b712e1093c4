import { eventually } from '../helpers/eventually';
import { nodeVariables, TestNodeProcess } from '../helpers/fleet-node';
import { RedisServer } from '../helpers/redis-server';

/** As far as this test looks at the answer to `GET /v1/nodes/NODE`. */
interface NodeAnswer {
  state: string;
  alive: boolean;
  cordon?: { reason?: string; sinceMs: number };
  drain?: { reason: string; deadlineAtMs: number };
}

/** What an operator has said of a node must outlive the process that heard it: nobody is there to say it again at night. */
describe('a node whose process crashes and begins again', () => {
  let redis: RedisServer;
  let node: TestNodeProcess;
  let variables: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    variables = { ...nodeVariables(redis, redis.randomPrefix()), FLEET_NODE_ID: 'node-a' };
    node = await TestNodeProcess.start(variables);
  });

  afterAll(async () => {
    await node?.end('SIGKILL');
    await redis?.stop();
  });

  async function ask(path = '', body?: object): Promise<NodeAnswer> {
    const response = await fetch(`${node.url.replace('ws:', 'http:')}/v1/nodes/node-a${path}`, {
      ...(body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as NodeAnswer;
  }

  const state = async () => (await ask()).state;

  async function crash(): Promise<void> {
    await node.end('SIGKILL');
    node = await TestNodeProcess.start(variables);
  }

  test('is still cordoned, since then and for the same reason', async () => {
    await ask('/cordon', { reason: 'throttled' });
    await eventually(async () => (await state()) === 'CORDONED');
    const { cordon } = await ask();
    await crash();
    await eventually(async () => (await ask()).alive);
    expect(await ask()).toMatchObject({ state: 'CORDONED', cordon });
    expect(cordon?.reason).toBe('throttled');
  });

  test('still drains by the same deadline', async () => {
    await ask('/drain', { deadlineMinutes: 5, reason: 'kernel' });
    await eventually(async () => (await state()) === 'DRAINED');
    const { drain } = await ask();
    await crash();
    await eventually(async () => (await state()) === 'DRAINED');
    expect((await ask()).drain).toMatchObject({ reason: 'operator', deadlineAtMs: drain?.deadlineAtMs });
  });

  test('serves when it was taken back before', async () => {
    await ask('/uncordon', {});
    await eventually(async () => (await state()) === 'SERVING');
    await crash();
    expect(await ask()).toMatchObject({ state: 'SERVING' });
    expect((await ask()).cordon).toBeUndefined();
  });
});
