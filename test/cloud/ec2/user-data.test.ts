import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeUserData } from '../../../lib/constructs/user-data';
import { runUserData } from '../../../local/cloud/ec2/user-data';

describe("an instance's user data", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fleet-user-data-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const capacity = { vcpus: 2, architecture: 'arm64', baselineBps: 1, usdPerHour: 1 } as const;
  const script = Buffer.from(
    nodeUserData({
      environment: { FLEET_AWS: '1', FLEET_REDIS_URL: 'rediss://store:6380' },
      instances: [
        { type: 'c7gn.large', capacity, safe: { egressBps: 100, packetsPerSecond: 10 } },
        { type: 'c7gn.xlarge', capacity, safe: { egressBps: 200, packetsPerSecond: 20 } },
      ],
      logGroupName: '/fleet/nodes',
    }),
  ).toString('base64');
  const run = (type: string, id = 'i-1') =>
    runUserData({ userData: script, root, metadata: { 'instance-id': id, 'instance-type': type } });

  test('is the real script: it writes the environment of its own type, within the folder of the instance', async () => {
    expect(await run('c7gn.xlarge')).toEqual({
      FLEET_NODE_ID: 'i-1',
      FLEET_CAPACITY_EGRESS_BPS: '200',
      FLEET_CAPACITY_PACKETS_PER_SECOND: '20',
      FLEET_AWS: '1',
      FLEET_REDIS_URL: 'rediss://store:6380',
    });
    expect(await readFile(join(root, 'etc/mediasoup-fleet/fleet.env'), 'utf8')).toContain(
      'FLEET_NODE_ID=i-1',
    );
  });

  test('fails in its own words for a type without capacity', async () => {
    await expect(run('m5.large')).rejects.toThrow('no capacity is configured for m5.large');
  });

  test('takes metadata as text, whatever is in it', async () => {
    const odd = `i-'"$(touch ${root}/pwned)`;
    expect((await run('c7gn.large', odd)).FLEET_NODE_ID).toBe(odd);
    await expect(readFile(join(root, 'pwned'))).rejects.toThrow('ENOENT');
  });
});
