import { pino } from 'pino';
import type { NodeState } from '../../../core/node-state';
import { GatewayDrain } from '../../../node-app/drain/gateway-drain';
import { ManualClock } from '../../helpers/manual-clock';

/** A gateway whose clients are only names. */
class Gateway {
  readonly clock = new ManualClock();
  readonly drain: { state: NodeState; isMoving: boolean } = { state: 'SERVING', isMoving: false };
  /** Who was asked, and when, milliseconds since the beginning. */
  readonly asked: { name: string; atMs: number }[] = [];
  readonly gatewayDrain: GatewayDrain;
  private readonly startedAtMs = this.clock.monotonicMs();
  private clients: string[] = [];

  constructor(clients: number) {
    this.clients = Array.from({ length: clients }, (_, index) => `client-${index}`);
    this.gatewayDrain = new GatewayDrain({
      drain: this.drain,
      clients: () => this.clients.map((name) => ({ resumeElsewhere: () => this.ask(name) })),
      clientsPerSecond: 2,
      clock: this.clock,
      random: () => 0.5,
      logger: pino({ level: 'silent' }),
    });
  }

  become(state: NodeState, isMoving = false): void {
    Object.assign(this.drain, { state, isMoving });
    this.gatewayDrain.wake();
  }

  private ask(name: string): void {
    this.asked.push({ name, atMs: this.clock.monotonicMs() - this.startedAtMs });
    this.clients = this.clients.filter((client) => client !== name);
  }
}

test('clients leave in waves, from when the balancer has noticed, no faster than others take them', async () => {
  const gateway = new Gateway(25);
  gateway.become('DRAINING', true);
  await gateway.clock.advance(19_999);
  expect(gateway.asked).toEqual([]);
  await gateway.clock.advance(20_000);
  expect(gateway.asked).toHaveLength(25);
  expect(new Set(gateway.asked.map(({ name }) => name)).size).toBe(25);
  for (let second = 20; second < 40; second += 1) {
    const within = gateway.asked.filter(({ atMs }) => Math.floor(atMs / 1_000) === second);
    expect(within.length).toBeLessThanOrEqual(2);
  }
});

test('nobody is asked while rooms may still end by themselves', async () => {
  const gateway = new Gateway(3);
  gateway.become('DRAINING');
  await gateway.clock.advance(600_000);
  expect(gateway.asked).toEqual([]);
  gateway.drain.isMoving = true;
  await gateway.clock.advance(35_000);
  expect(gateway.asked).toHaveLength(3);
});

test('a drain that is taken back in the middle of a wave leaves the rest alone', async () => {
  const gateway = new Gateway(10);
  gateway.become('DRAINING', true);
  await gateway.clock.advance(22_000);
  const { length } = gateway.asked;
  expect(length).toBeGreaterThan(0);
  expect(length).toBeLessThan(10);
  gateway.become('SERVING');
  await gateway.clock.advance(600_000);
  expect(gateway.asked).toHaveLength(length);
  expect(gateway.clock.waiting).toBe(0);
});

test('who comes to a drained node is sent on too, and nothing is left running after the end', async () => {
  const gateway = new Gateway(1);
  gateway.become('DRAINED');
  await gateway.clock.advance(26_000);
  expect(gateway.asked).toHaveLength(1);
  gateway.gatewayDrain.close();
  expect(gateway.clock.waiting).toBe(0);
});
