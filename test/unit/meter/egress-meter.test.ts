import pino from 'pino';
import type { Clock } from '../../../core/clock';
import {
  EgressMeter,
  type MeteredConsumer,
  type MeteredTransport,
} from '../../../node-app/meter/egress-meter';

/** Time stands still until it is moved; the meter's own timer is not used. */
class StillClock implements Clock {
  now = 0;
  nowMs = () => this.now;
  monotonicMs = () => this.now;
  setTimer = () => ({ cancel: () => undefined });
  setRepeating = () => ({ cancel: () => undefined });
}

interface FakeTransport extends MeteredTransport {
  /** Bytes per second that it sends. */
  rate: number;
  samples: number;
}

let clock: StillClock;
let transports: FakeTransport[];
let consumers: MeteredConsumer[];
let meter: EgressMeter;

beforeEach(() => {
  clock = new StillClock();
  transports = [];
  consumers = [];
});

function createMeter(
  options: { transportsPerSecond?: number; consumersPerSecond?: number } = {},
): EgressMeter {
  return new EgressMeter({
    source: { transports: () => transports, consumers: () => consumers },
    clock,
    logger: pino({ level: 'silent' }),
    ...options,
  });
}

function transport(id: string, roomId: string, rate: number): FakeTransport {
  const bornAt = clock.now;
  const fake: FakeTransport = {
    id,
    roomId,
    rate,
    samples: 0,
    bytesSent: async () => {
      fake.samples += 1;
      return (fake.rate * (clock.now - bornAt)) / 1_000;
    },
  };
  transports.push(fake);
  return fake;
}

function consumer(id: string, roomId: string, bytesPerPacket: number): void {
  const streams = async () => [{ bitrate: 80_000, byteCount: bytesPerPacket * 10, packetCount: 10 }];
  consumers.push({ id, roomId, streams });
}

async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 5; i += 1) {
    clock.now += 200;
    await meter.tick();
  }
}

test('rooms and the node add up, with the headers of the network', async () => {
  meter = createMeter();
  transport('a', 'one', 10_000);
  transport('b', 'one', 20_000);
  transport('c', 'two', 5_000);
  consumer('x', 'one', 1_000);
  consumer('y', 'two', 100);
  await pass(3);
  expect(meter.room('one')).toEqual({ packetsPerSecond: 30, egressBps: 8 * (30_000 + 30 * 28) });
  expect(meter.room('two')).toEqual({ packetsPerSecond: 50, egressBps: 8 * (5_000 + 50 * 28) });
  expect(meter.node().packetsPerSecond).toBe(80);
  expect(meter.room('none')).toEqual({ packetsPerSecond: 0, egressBps: 0 });
});

test('what stops or closes is gone from the sum', async () => {
  meter = createMeter();
  const quiet = transport('a', 'one', 10_000);
  transport('b', 'two', 10_000);
  await pass(3);
  quiet.bytesSent = () => Promise.reject(new Error('closed'));
  transports = [transport('c', 'three', 1_000)];
  transports.splice(0, transports.length - 1);
  await pass(3);
  expect(meter.room('one').egressBps).toBe(0);
  expect(meter.room('two').egressBps).toBe(0);
  expect(meter.room('three').egressBps).toBeGreaterThan(0);
});

test('above its budget it samples no more, and its sums stay right', async () => {
  meter = createMeter({ transportsPerSecond: 100 });
  for (let i = 0; i < 400; i += 1) transport(`t${i}`, `room-${i % 20}`, 1_000);
  await pass(12);
  const before = transports.reduce((sum, { samples }) => sum + samples, 0);
  await pass(5);
  const samples = transports.reduce((sum, fake) => sum + fake.samples, 0) - before;
  expect(samples).toBeLessThanOrEqual(5 * 100);
  expect(samples).toBeGreaterThan(5 * 90);
  const expected = 8 * (400_000 + 400 * 28);
  expect(meter.node().egressBps).toBeGreaterThan(expected * 0.99);
  expect(meter.node().egressBps).toBeLessThan(expected * 1.01);
});

test('below its budget each transport is sampled once a second', async () => {
  meter = createMeter();
  for (let i = 0; i < 37; i += 1) transport(`t${i}`, 'room', 1_000);
  await pass(10);
  for (const { samples } of transports) {
    expect(samples).toBeGreaterThanOrEqual(8);
    expect(samples).toBeLessThanOrEqual(10);
  }
});

test('a slow worker delays the next slice and is not asked twice', async () => {
  meter = createMeter();
  const slow = transport('a', 'room', 1_000);
  let release: () => void = () => undefined;
  slow.bytesSent = async () => {
    slow.samples += 1;
    await new Promise<void>((resolve) => (release = resolve));
    return 0;
  };
  clock.now += 1_000;
  const first = meter.tick();
  clock.now += 1_000;
  await meter.tick();
  expect(slow.samples).toBe(1);
  release();
  await first;
});

test('it is silent from the first slice that a worker does not answer, until one is answered', async () => {
  meter = createMeter();
  const stuck = transport('a', 'room', 1_000);
  transport('b', 'room', 1_000);
  await pass(2);
  expect(meter.silentMs).toBe(0);
  const answer = (): Promise<number> => Promise.resolve(1_000);
  let release: () => void = () => undefined;
  stuck.bytesSent = async () => {
    await new Promise<void>((resolve) => (release = resolve));
    return answer();
  };
  await Promise.race([pass(1), new Promise((resolve) => setImmediate(resolve))]);
  clock.now += 6_000;
  expect(meter.silentMs).toBeGreaterThan(5_000);
  stuck.bytesSent = answer;
  release();
  await new Promise((resolve) => setImmediate(resolve));
  await pass(1);
  expect(meter.silentMs).toBe(0);
});

test('it is silent while everything refuses, and not when nothing is left to ask', async () => {
  meter = createMeter();
  transport('a', 'room', 1_000).bytesSent = () => Promise.reject(new Error('channel closed'));
  await pass(6);
  expect(meter.silentMs).toBeGreaterThan(5_000);
  transports = [];
  await pass(2);
  expect(meter.silentMs).toBe(0);
});
