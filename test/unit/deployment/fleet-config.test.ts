import { resolveFleetConfig } from '../../../core/deployment/fleet-config';

const EU = { name: 'eu-central-1', availabilityZones: ['eu-central-1a', 'eu-central-1b'] };
const GOOD = { regions: [EU], domain: { name: 'calls.example.com', hostedZoneId: 'Z0123456789EXAMPLE' } };

/** Lines of what is wrong. */
function mistakes(input: object): string[] {
  try {
    resolveFleetConfig({ ...GOOD, ...input });
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

test('a region, a name and its zone suffice', () => {
  const config = resolveFleetConfig(GOOD);
  expect(config.regions).toEqual([
    { ...EU, min: 2, max: 20, baseImage: 'ssm:/aws/service/debian/release/12/latest/arm64' },
  ]);
  expect(config.instances).toMatchObject([
    { type: 'c7gn.large', safe: { egressBps: 3_750_000_000, packetsPerSecond: 140_000 } },
  ]);
});

test.each<[string, object, string]>([
  [
    'an unknown region',
    { regions: [{ ...EU, name: 'eu-central-9' }] },
    'regions.0.name: eu-central-9 is not an AWS region',
  ],
  [
    'a zone of another region',
    { regions: [{ ...EU, availabilityZones: ['eu-central-1a', 'us-east-1a'] }] },
    'regions.0.availabilityZones: us-east-1a is not in eu-central-1',
  ],
  ['one zone', { regions: [{ ...EU, availabilityZones: ['eu-central-1a'] }] }, 'regions.0.availabilityZones'],
  ['a region twice', { regions: [EU, EU] }, 'regions: each region once'],
  [
    'a type without data',
    { nodes: { instanceTypes: ['c7gn.metal'] } },
    'nodes.instanceTypes.0: no capacity data for instance type c7gn.metal; near types with data: ',
  ],
  [
    'two architectures',
    { nodes: { instanceTypes: ['c7gn.large', 'c6in.large'] } },
    'nodes.instanceTypes: all types must have one architecture',
  ],
  [
    'a name without zone or certificate',
    { domain: { name: 'calls.example.com' } },
    'domain: give hostedZoneId, or certificateArn of an existing certificate',
  ],
  ['min above max', { nodes: { min: 9, max: 3 } }, 'regions.0.nodes: min 9 is above max 3'],
  ['fewer than two nodes', { nodes: { min: 1 } }, 'nodes.min: must be a whole number from 2 to 1000'],
  [
    'a heartbeat out of range',
    { drain: { heartbeatTimeoutSeconds: 20 } },
    'drain.heartbeatTimeoutSeconds: must be a whole number from 30 to 7200',
  ],
  [
    'a drain beyond 100 heartbeats',
    { drain: { heartbeatTimeoutSeconds: 30, imageRollMinutes: 60 } },
    'drain.imageRollMinutes: at most 50 (48 h, or 100 heartbeats of heartbeatTimeoutSeconds)',
  ],
  [
    'a drain beyond 48 h',
    { drain: { imageRollMinutes: 2_881 } },
    'drain.imageRollMinutes: must be a whole number from 2 to 2880',
  ],
  [
    'a secret in plain text',
    { store: { authToken: 'hunter2hunter2' } },
    'store.authToken: no secret may stand in the config: the deployment makes its own in Secrets Manager',
  ],
  [
    'a secret among variables',
    { nodes: { environment: { FLEET_LINK_SECRETS: 'hunter2' } } },
    'nodes.environment: there is no such setting, see docs/configuration.md',
  ],
  ['half a node', { nodes: { min: 2.5 } }, 'nodes.min: must be a whole number from 2 to 1000'],
  ['a number as text', { nodes: { min: '2' } }, 'nodes.min: must be a whole number from 2 to 1000'],
  ['days that are not offered', { logRetentionDays: 31 }, 'logRetentionDays: must be one of 1, 3, 5, 7, '],
  [
    'scaling in above scaling out',
    { scaling: { scaleInUtilization: 0.7 } },
    'scaling.scaleInUtilization: must be below scaleOutUtilization',
  ],
  ['a base image that is none', { image: { baseImage: 'debian-12' } }, 'image.baseImage'],
])('%s is refused in one line that begins with the path', (_name, input, line) => {
  const [first, ...more] = mistakes(input);
  expect(first?.startsWith(line)).toBe(true);
  expect(more).toEqual([]);
});

test('no message repeats a value that could be a secret', () => {
  for (const input of [
    { store: { authToken: 'hunter2hunter2' } },
    { adminTokenKeys: ['hunter2hunter2'] },
    { domain: { ...GOOD.domain, certificateArn: 'hunter2hunter2' } },
  ]) {
    const lines = mistakes(input);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('hunter2');
  }
});

test('every mistake has a line of its own', () => {
  expect(mistakes({ storePassword: 'hunter2', colour: 'red', nodes: { min: 1 } })).toEqual([
    'nodes.min: must be a whole number from 2 to 1000',
    'storePassword: no secret may stand in the config: the deployment makes its own in Secrets Manager, see docs/operations.md',
    'colour: there is no such setting, see docs/configuration.md',
  ]);
});
