import { pino } from 'pino';
import type { InterfaceRates } from '../../../node-app/meter/interface-counters';
import { NodeEgress } from '../../../node-app/meter/node-egress';
import { ManualClock } from '../../helpers/manual-clock';

const MEGABIT = 1_000_000;

interface World {
  clock: ManualClock;
  egress: NodeEgress;
  meterBps: number;
  silentMs: number;
  interfaceBps: number | undefined;
  warnings: Record<string, unknown>[];
}

function createWorld(ownInterfaces = true): World {
  const clock = new ManualClock();
  const warnings: Record<string, unknown>[] = [];
  const readRates = async (): Promise<InterfaceRates | undefined> =>
    world.interfaceBps === undefined
      ? undefined
      : { txBps: world.interfaceBps, txPacketsPerSecond: world.interfaceBps / 8_000, txDropped: 0 };
  const meter = {
    node: () => ({ egressBps: world.meterBps, packetsPerSecond: world.meterBps / 8_000 }),
    get silentMs() {
      return world.silentMs;
    },
  };
  const logger = pino({
    level: 'warn',
    hooks: { logMethod: ([fields]) => void warnings.push(fields as Record<string, unknown>) },
  });
  const egress = new NodeEgress({ meter, counters: { read: readRates }, ownInterfaces, clock, logger });
  const world: World = { clock, egress, meterBps: 0, silentMs: 0, interfaceBps: undefined, warnings };
  egress.start();
  return world;
}

describe('what a node measures as its egress', () => {
  test('is the meter, also when the interfaces send the usual little more', async () => {
    const world = createWorld();
    world.meterBps = 100 * MEGABIT;
    world.interfaceBps = 150 * MEGABIT;
    await world.clock.advance(30_000);
    expect(world.egress.measured()).toEqual({ egressBps: 100 * MEGABIT, packetsPerSecond: 12_500 });
    expect(world.egress.interfaceEgressBps).toBe(150 * MEGABIT);
    expect(world.egress.usesInterfaces).toBe(false);
    expect(world.warnings).toEqual([]);
  });

  test('is the interfaces once the meter is silent, and the meter again when it speaks', async () => {
    const world = createWorld();
    world.meterBps = 10 * MEGABIT;
    world.interfaceBps = 25 * MEGABIT;
    world.silentMs = 6_000;
    await world.clock.advance(1_000);
    expect(world.egress.measured().egressBps).toBe(25 * MEGABIT);
    expect(world.egress.usesInterfaces).toBe(true);
    expect(world.warnings).toEqual([
      expect.objectContaining({ audit: true, verdict: 'meterSilent', fallback: true }),
    ]);

    world.silentMs = 0;
    await world.clock.advance(1_000);
    expect(world.egress.measured().egressBps).toBe(10 * MEGABIT);
    expect(world.egress.usesInterfaces).toBe(false);
  });

  test('never falls below what the meter said last', async () => {
    const world = createWorld();
    world.meterBps = 80 * MEGABIT;
    world.interfaceBps = 1 * MEGABIT;
    world.silentMs = 6_000;
    await world.clock.advance(1_000);
    expect(world.egress.measured().egressBps).toBe(80 * MEGABIT);
  });

  test('is the interfaces when they send much more for long, with one warning a minute', async () => {
    const world = createWorld();
    world.meterBps = 100 * MEGABIT;
    world.interfaceBps = 400 * MEGABIT;
    await world.clock.advance(9_000);
    expect(world.egress.measured().egressBps).toBe(100 * MEGABIT);
    expect(world.warnings).toEqual([]);
    await world.clock.advance(5_000);
    expect(world.egress.measured()).toEqual({ egressBps: 400 * MEGABIT, packetsPerSecond: 50_000 });
    await world.clock.advance(40_000);
    expect(world.warnings).toEqual([
      expect.objectContaining({
        verdict: 'unaccounted',
        meterEgressBps: 100 * MEGABIT,
        interfaceEgressBps: 400 * MEGABIT,
      }),
    ]);
    await world.clock.advance(60_000);
    expect(world.warnings).toHaveLength(2);
  });

  test('a burst that the meter catches up with is no disagreement', async () => {
    const world = createWorld();
    world.interfaceBps = 400 * MEGABIT;
    await world.clock.advance(6_000);
    world.meterBps = 390 * MEGABIT;
    await world.clock.advance(2_000);
    world.interfaceBps = 900 * MEGABIT;
    await world.clock.advance(6_000);
    expect(world.egress.measured().egressBps).toBe(390 * MEGABIT);
    expect(world.warnings).toEqual([]);
  });

  test('stays the meter where other nodes share the interfaces, and a silent meter is still told', async () => {
    const world = createWorld(false);
    world.meterBps = 10 * MEGABIT;
    world.interfaceBps = 900 * MEGABIT;
    await world.clock.advance(30_000);
    expect(world.egress.measured().egressBps).toBe(10 * MEGABIT);
    expect(world.egress.interfaceEgressBps).toBe(900 * MEGABIT);
    expect(world.warnings).toEqual([]);

    world.silentMs = 6_000;
    await world.clock.advance(1_000);
    expect(world.egress.measured().egressBps).toBe(10 * MEGABIT);
    expect(world.egress.usesInterfaces).toBe(false);
    expect(world.warnings).toEqual([expect.objectContaining({ verdict: 'meterSilent', fallback: false })]);
  });

  test('is the meter where the kernel tells nothing, and nothing is read once it is closed', async () => {
    const world = createWorld();
    world.meterBps = 5 * MEGABIT;
    world.silentMs = 6_000;
    await world.clock.advance(1_000);
    expect(world.egress.measured().egressBps).toBe(5 * MEGABIT);
    expect(world.egress.interfaceEgressBps).toBeUndefined();
    world.egress.close();
    world.egress.close();
    expect(world.clock.waiting).toBe(0);
  });
});
