import { MetadataService } from '../../../local/cloud/ec2/metadata-service';
import { InstanceMetadata } from '../../../node-app/aws/instance-metadata';
import { systemClock } from '../../../node-app/system-clock';

describe("an instance's metadata service", () => {
  let service: MetadataService;

  beforeEach(async () => {
    service = await MetadataService.start('127.0.0.1', {
      'instance-id': 'i-1',
      'instance-type': 'c7gn.large',
      'placement/availability-zone': 'x-1a',
      'placement/region': 'x-1',
      'autoscaling/target-lifecycle-state': 'InService',
    });
  });
  afterEach(() => service.close());

  const token = async (seconds: string, method = 'PUT') =>
    fetch(`${service.url}/latest/api/token`, {
      method,
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': seconds },
    });
  const read = (path: string, headers: Record<string, string>) =>
    fetch(`${service.url}/latest/meta-data/${path}`, { headers });

  test("tells the node's own client who it is, and what becomes of it as it changes", async () => {
    const metadata = new InstanceMetadata({ clock: systemClock, baseUrl: service.url });
    expect(await metadata.identity()).toEqual({
      instanceId: 'i-1',
      instanceType: 'c7gn.large',
      availabilityZone: 'x-1a',
      region: 'x-1',
    });
    expect(await metadata.spotAction()).toBeUndefined();
    service.set('autoscaling/target-lifecycle-state', 'Terminated');
    service.set('spot/instance-action', '{"action":"terminate","time":"2026-07-01T10:00:00Z"}');
    expect(await metadata.targetLifecycleState()).toBe('Terminated');
    expect(await metadata.spotAction()).toEqual({
      action: 'terminate',
      atMs: Date.parse('2026-07-01T10:00:00Z'),
    });
  });

  test('gives nothing without a token of its own, nor to what was forwarded or comes from a page', async () => {
    expect((await read('instance-id', {})).status).toBe(401);
    expect((await read('instance-id', { 'x-aws-ec2-metadata-token': 'made up' })).status).toBe(401);
    const value = await (await token('60')).text();
    const headers = { 'x-aws-ec2-metadata-token': value };
    expect(await (await read('instance-id', headers)).text()).toBe('i-1');
    expect((await read('no/such/item', headers)).status).toBe(404);
    expect((await read('instance-id', { ...headers, 'x-forwarded-for': '10.0.0.1' })).status).toBe(403);
    expect((await read('instance-id', { ...headers, origin: 'https://evil.example' })).status).toBe(403);
  });

  test.each([
    ['PUT', '0'],
    ['PUT', '21601'],
    ['PUT', 'long'],
  ])('%s with a lifetime of %s s gives no token', async (method, seconds) => {
    expect((await token(seconds, method)).status).toBe(400);
  });

  test('a GET gives no token, and a folder lists what is below it', async () => {
    expect((await token('60', 'GET')).status).toBe(405);
    const headers = { 'x-aws-ec2-metadata-token': await (await token('60')).text() };
    expect(await (await read('placement/', headers)).text()).toBe('availability-zone\nregion');
    expect((await (await read('', headers)).text()).split('\n')).toContain('placement/');
  });
});
