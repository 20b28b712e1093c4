import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { checkAnnouncedAddress } from '../../../node-app/aws/announced-address-check';
import { systemClock } from '../../../node-app/system-clock';

const addresses = { privateIpv4: '10.0.1.7', publicIpv4: '192.0.2.7', ipv6: ['2001:db8::7'] };
const check = (announcedAddress: string, more: { port?: number; listenIp?: string } = {}) =>
  checkAnnouncedAddress({
    announcedAddress,
    listenIp: '127.0.0.1',
    port: 0,
    addresses,
    clock: systemClock,
    attempts: 2,
    intervalMs: 50,
    ...more,
  });

describe('the announced address', () => {
  test('is proven by a datagram that comes in on the media port', async () => {
    expect(await check('127.0.0.1')).toBe('echo');
    expect(await check('127.0.0.1', { listenIp: '0.0.0.0' })).toBe('echo');
    expect(await check('localhost')).toBe('echo');
  });

  test('is believed where the network turns nothing round, if the instance calls it its own', async () => {
    expect(await check('192.0.2.7')).toBe('metadata');
    expect(await check('2001:0db8:0:0::7')).toBe('metadata');
  });

  test('of another machine stops the start, and says what the instance has (livekit#4095)', async () => {
    const failure = check('192.0.2.99');
    await expect(failure).rejects.toMatchObject({ code: 'FLEET_ERR_CONFIG' });
    await expect(failure).rejects.toThrow(
      /192\.0\.2\.99 does not lead to this node.*own public addresses are 192\.0\.2\.7, 2001:db8::7/,
    );
  });

  test('that leads to another port of this machine is not proven by it', async () => {
    const other = createSocket('udp4');
    other.bind(0, '127.0.0.2');
    await once(other, 'listening');
    try {
      await expect(check('127.0.0.2')).rejects.toThrow('does not lead to this node');
    } finally {
      other.close();
    }
  });

  test('can not be checked on a port that somebody else holds', async () => {
    const holder = createSocket('udp4');
    holder.bind(0, '127.0.0.1');
    await once(holder, 'listening');
    try {
      await expect(check('127.0.0.1', { port: holder.address().port })).rejects.toThrow('can not be bound');
    } finally {
      holder.close();
    }
  });

  test('leaves the media port free for the worker', async () => {
    const probe = createSocket('udp4');
    probe.bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    expect(await check('127.0.0.1', { port })).toBe('echo');
    expect(await check('127.0.0.1', { port })).toBe('echo');
  });

  test('that has no address says so', async () => {
    await expect(check('no-such-host.invalid')).rejects.toThrow('can not be resolved');
  });
});
