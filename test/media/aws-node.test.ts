import { once } from 'node:events';
import { findWorkerBin } from '../../scripts/setup/parts.cjs';
import { AwsEndpoint } from '../helpers/aws-endpoint';
import { eventually } from '../helpers/eventually';
import { forkNode, TestNodeProcess } from '../helpers/fleet-node';
import { ImdsServer } from '../helpers/imds-server';
import { RedisServer } from '../helpers/redis-server';

const TARGET = 'autoscaling/target-lifecycle-state';
const secret = (current: string, previous?: string) => JSON.stringify({ current, previous });

describe('a node process with FLEET_AWS=1', () => {
  let imds: ImdsServer;
  let aws: AwsEndpoint;
  let redis: RedisServer;
  let variables: Record<string, string>;
  const prefix = 'aws-node';

  beforeEach(async () => {
    [imds, aws, redis] = await Promise.all([
      ImdsServer.start(),
      AwsEndpoint.start(),
      RedisServer.start({ tcp: true }),
    ]);
    aws.secrets.set('fleet/link', secret('l'.repeat(64)));
    aws.secrets.set('fleet/token', secret('t'.repeat(64)));
    aws.secrets.set('fleet/admin', secret('a'.repeat(64)));
    aws.secrets.set('fleet/store', secret('first'));
    variables = {
      ...aws.variables,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      FLEET_AWS: '1',
      FLEET_AWS_ASG_NAME: 'nodes',
      FLEET_AWS_LAUNCH_HOOK: 'launch',
      FLEET_AWS_TERMINATE_HOOK: 'terminate',
      FLEET_LINK_SECRET_ARN: 'fleet/link',
      FLEET_TOKEN_KEYS_SECRET_ARN: 'fleet/token',
      FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN: 'fleet/admin',
      FLEET_REDIS_SECRET_ARN: 'fleet/store',
      FLEET_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      FLEET_REDIS_PREFIX: prefix,
      FLEET_LISTEN_HOST: '127.0.0.1',
      FLEET_HTTP_PORT: '0',
      FLEET_LINK_HOST: '127.0.0.1',
      FLEET_LINK_PORT: '0',
      FLEET_LINK_ADDRESS: '127.0.0.1:1',
      FLEET_MEDIA_LISTEN_IP: '127.0.0.1',
      FLEET_MEDIA_ANNOUNCED_ADDRESS: '127.0.0.1',
      FLEET_MEDIA_PORT_BASE: '0',
      FLEET_WORKERS: '1',
      FLEET_WORKER_BIN: findWorkerBin(),
      FLEET_LOG_LEVEL: 'silent',
    };
  });
  afterEach(() => Promise.all([imds.close(), aws.close(), redis.stop()]));

  test('waits, serves, publishes, follows a rotated password, and drains', async () => {
    const client = redis.client();
    await client.config('SET', 'requirepass', 'first');
    imds.items.set(TARGET, 'Warmed:Running');
    const node = await TestNodeProcess.start(variables);
    const status = async (path: string) =>
      (await fetch(`http://127.0.0.1:${node.ready.httpPort}${path}`)).status;
    const readiness = async () => (await fetch(`http://127.0.0.1:${node.ready.httpPort}/readyz`)).text();
    try {
      expect(node.ready.nodeId).toBe('i-0123456789abcdef0');
      expect(await status('/healthz')).toBe(200);
      expect(await status('/readyz')).toBe(503);
      expect(await client.exists(`{${prefix}}:nodes`)).toBe(0);

      imds.items.set(TARGET, 'InService');
      await eventually(async () => (await status('/readyz')) === 200);
      await eventually(async () => (await client.hexists(`{${prefix}}:nodes`, node.ready.nodeId)) === 1);
      await eventually(() => aws.callsOf('CompleteLifecycleAction').length === 2);
      const [call] = await eventually(() => {
        const calls = aws.callsOf('PutMetricData');
        return calls.length > 0 && calls;
      });
      expect(call?.body).toContain('"Namespace":"MediasoupFleet"');
      expect(call?.body).toContain('"MetricName":"SafeEgressBps"');

      // A rotation: the store takes only the new password, and every connection is made anew.
      aws.secrets.set('fleet/store', secret('second', 'first'));
      await client.config('SET', 'requirepass', 'second');
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const before = await leaseOf(client, node.ready.nodeId);
      await eventually(async () => (await leaseOf(client, node.ready.nodeId)) > before + 3_000);

      imds.items.set(TARGET, 'Terminated');
      await eventually(async () => (await readiness()).includes('drained'));
      expect(aws.callsOf('RecordLifecycleActionHeartbeat').length).toBeGreaterThan(0);
      expect(await status('/healthz')).toBe(200);
      expect(await node.end('SIGTERM')).toBe(0);
    } finally {
      await node.end('SIGKILL');
      client.disconnect();
    }
  });

  test.each([
    [
      'a secret that is not there is worth another start',
      { FLEET_LINK_SECRET_ARN: 'fleet/none' },
      1,
      'FLEET_LINK_SECRET_ARN',
    ],
    ['a secret of another shape is not', { FLEET_LINK_SECRET_ARN: 'fleet/odd' }, 78, 'FLEET_LINK_SECRET_ARN'],
    [
      'an address of somebody else is not',
      { FLEET_MEDIA_ANNOUNCED_ADDRESS: '192.0.2.1', FLEET_LOG_LEVEL: 'fatal' },
      78,
      '192.0.2.1 does not lead to this node',
    ],
    [
      'a metadata service that is away is',
      { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' },
      1,
      'instance metadata',
    ],
  ])('%s', async (_name, changes, exitCode, message) => {
    aws.secrets.set('fleet/odd', '"s3cret-s3cret"');
    const child = await forkNode({ ...variables, ...changes });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += String(chunk)));
    child.stderr?.on('data', (chunk) => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    expect(output).toContain(message);
    expect(output).not.toContain('s3cret');
    expect(code).toBe(exitCode);
  });
});

async function leaseOf(client: ReturnType<RedisServer['client']>, nodeId: string): Promise<number> {
  return Number((await client.zscore(`{aws-node}:leases`, nodeId)) ?? 0);
}
