import { InstanceMetadata } from '../../../node-app/aws/instance-metadata';
import { systemClock } from '../../../node-app/system-clock';
import { ImdsServer } from '../../helpers/imds-server';
import { ManualClock } from '../../helpers/manual-clock';

describe('instance metadata', () => {
  let imds: ImdsServer;
  beforeEach(async () => {
    imds = await ImdsServer.start();
  });
  afterEach(() => imds.close());

  const open = (options: { timeoutMs?: number; clock?: ManualClock } = {}) =>
    new InstanceMetadata({ clock: systemClock, baseUrl: imds.url, retryDelayMs: 1, ...options });

  test('tells who and where the instance is, with one session token for all readings', async () => {
    const metadata = open();
    expect(await metadata.identity()).toEqual({
      instanceId: 'i-0123456789abcdef0',
      instanceType: 'c7gn.large',
      availabilityZone: 'eu-central-1a',
      region: 'eu-central-1',
    });
    expect(await metadata.addresses()).toEqual({
      privateIpv4: '10.0.1.7',
      publicIpv4: '203.0.113.7',
      ipv6: ['2001:db8::7'],
    });
    expect(imds.tokensGiven).toBe(1);
  });

  test('takes what is not there for absent, and asks for it once', async () => {
    imds.items.delete('public-ipv4');
    imds.items.delete('network/interfaces/macs/02:00:00:00:00:01/ipv6s');
    const metadata = open();
    expect(await metadata.addresses()).toMatchObject({ publicIpv4: undefined, ipv6: [] });
    expect(await metadata.targetLifecycleState()).toBeUndefined();
    expect(await metadata.spotAction()).toBeUndefined();
    expect(imds.requests.filter((request) => request.includes('public-ipv4'))).toHaveLength(1);
  });

  test('reads what Auto Scaling and EC2 have in mind', async () => {
    imds.items.set('autoscaling/target-lifecycle-state', 'Terminated\n');
    imds.items.set('spot/instance-action', '{"action":"terminate","time":"2026-07-04T10:00:00Z"}');
    const metadata = open();
    expect(await metadata.targetLifecycleState()).toBe('Terminated');
    expect(await metadata.spotAction()).toEqual({
      action: 'terminate',
      atMs: Date.parse('2026-07-04T10:00:00Z'),
    });
  });

  test('renews its token before it ends, and when the service forgot it', async () => {
    const clock = new ManualClock();
    const metadata = open({ clock });
    await metadata.read('mac');
    imds.forgetTokens();
    const pending = metadata.read('mac');
    await expectAdvancing(clock, pending);
    const given = imds.tokensGiven;
    await clock.advance(21_600_000 - 60_000);
    await metadata.read('mac');
    expect(imds.tokensGiven).toBe(given + 1);
  });

  test('tries again when the service falters, and fails in the end', async () => {
    imds.failures = 2;
    expect(await open().read('mac')).toBe('02:00:00:00:00:01');
    imds.failures = 100;
    await expect(open().read('mac')).rejects.toThrow('instance metadata mac can not be read');
  });

  test('does not wait for a service that says nothing', async () => {
    imds.silent = true;
    await expect(open({ timeoutMs: 50 }).read('mac')).rejects.toThrow('can not be read');
    expect(imds.requests).toHaveLength(3);
  });

  test('an instance without an id is none', async () => {
    imds.items.delete('instance-id');
    await expect(open().identity()).rejects.toThrow('instance metadata has no instance-id');
  });
});

/** Resolves with the work while the clock goes on by small steps. */
async function expectAdvancing<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const finished = work.finally(() => (done = true));
  for (let step = 0; step < 2_000 && !done; step += 1) await clock.advance(1);
  return finished;
}
