import type { MetricValue } from '../../../local/cloud/ports/metric-sink';
import { alarmResource } from '../../../local/cloud/cloudwatch/resources/alarm';
import { dashboardResource } from '../../../local/cloud/cloudwatch/resources/dashboard';
import { resourcesOf, synthesizeFleet } from '../../helpers/synthesize-fleet';
import { cloudWatchFixture, DIMENSIONS, SCALING_ARN, TOPIC_ARN } from './cloudwatch-fixture';

/** Beginning of a minute. */
const START_MS = 1_020_000;
const MINUTE_MS = 60_000;

/** Of one node of the default type, as the template knows it. */
const SAFE_EGRESS = 3_750_000_000;
const SAFE_PACKETS = 140_000;

const fleet = synthesizeFleet();

/** Names of resources in place of references, which the test of alarms does not need. */
function resolve(value: unknown, inActions = false): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, inActions));
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = []] = Object.entries(value);
  if (key === 'Fn::ImportValue') return TOPIC_ARN;
  if (inActions) return SCALING_ARN;
  if (key === 'Ref' || key?.startsWith('Fn::')) return JSON.stringify(inner).replace(/[^\x20-\x7e]/g, '');
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, resolve(item, /Actions$/.test(name))]),
  );
}

interface NodeLoad {
  /** Of its safe capacity. */
  egress: number;
  packets?: number;
}

interface Minutes {
  /** Called each 10 s; undefined: the node publishes nothing. */
  nodes: (elapsedMs: number) => readonly (NodeLoad | undefined)[];
  inService?: ((elapsedMs: number) => number | undefined) | undefined;
  more?: (elapsedMs: number) => Record<string, number>;
}

async function templateCloud() {
  const fixture = cloudWatchFixture({ metricDelayMs: 2_000 });
  const type = alarmResource(fixture.cloudWatch);
  for (const stack of ['fleet', 'store'] as const) {
    const resources = resourcesOf(fleet.template(stack), 'AWS::CloudWatch::Alarm');
    for (const [logicalId, { Properties }] of Object.entries(resources)) {
      const properties = type.properties.parse(resolve(Properties));
      await type.create({ stackName: stack, logicalId, properties, updatePolicy: undefined });
    }
  }
  fixture.cloudWatch.start();
  await fixture.clock.advance(START_MS - fixture.clock.nowMs());
  const group = (name: string, value: number): MetricValue => ({
    namespace: 'AWS/AutoScaling',
    name,
    dimensions: DIMENSIONS,
    value,
    atMs: fixture.clock.nowMs(),
  });
  let elapsedMs = 0;
  return {
    ...fixture,
    group: (name: string, value: number) => fixture.cloudWatch.metrics.record([group(name, value)]),
    state: (name: string) => fixture.cloudWatch.alarms.get(`fleet-nodes-${name}`)?.state,
    newest: (name: string) => fixture.cloudWatch.alarms.view(`fleet-nodes-${name}`)?.values.at(-1),
    /** Nodes publish each 10 s, with the beginning of the period; the group each minute. */
    run: async (ms: number, { nodes, inService, more }: Minutes) => {
      for (const endMs = elapsedMs + ms; elapsedMs < endMs; elapsedMs += 10_000) {
        const atMs = fixture.clock.nowMs();
        const current = nodes(elapsedMs);
        const count = inService ? inService(elapsedMs) : current.length;
        if (elapsedMs % MINUTE_MS === 0 && count !== undefined) {
          fixture.cloudWatch.metrics.record([group('GroupInServiceInstances', count)]);
        }
        await fixture.clock.advance(1_000);
        for (const node of current) {
          if (!node) continue;
          fixture.put('EgressBps', node.egress * SAFE_EGRESS, atMs);
          fixture.put('SafeEgressBps', SAFE_EGRESS, atMs);
          fixture.put('PacketsPerSecond', (node.packets ?? 0) * SAFE_PACKETS, atMs);
          fixture.put('SafePacketsPerSecond', SAFE_PACKETS, atMs);
          fixture.put('InServiceNodes', 1, atMs);
        }
        for (const [name, value] of Object.entries(more?.(elapsedMs) ?? {})) fixture.put(name, value, atMs);
        await fixture.clock.advance(9_000);
      }
    },
  };
}

it('takes every alarm and the dashboard of the templates, and honours each property', async () => {
  const { cloudWatch } = await templateCloud();
  const type = alarmResource(cloudWatch);
  const templates = [fleet.template('fleet'), fleet.template('store')];
  const alarms = templates.flatMap((template) =>
    Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')),
  );
  expect(cloudWatch.alarms.all()).toHaveLength(alarms.length);
  for (const { Properties } of alarms) {
    const resolved = resolve(Properties);
    expect(type.properties.parse(resolved)).toEqual(resolved);
  }
  for (const alarm of cloudWatch.alarms.all())
    expect(cloudWatch.alarms.view(alarm.name)?.values).toHaveLength(60);
  const [dashboard] = Object.entries(
    resourcesOf(fleet.template('observability'), 'AWS::CloudWatch::Dashboard'),
  );
  const [logicalId = '', { Properties = {} } = {}] = dashboard ?? [];
  const properties = dashboardResource().properties.parse(Properties);
  const created = dashboardResource().create({
    stackName: 'o',
    logicalId,
    properties,
    updatePolicy: undefined,
  });
  expect(created).toEqual({ ref: Properties.DashboardName });
});

it('busy: 65 % of the safe capacity for 60 s, no less and no shorter', async () => {
  const { run, state, performed } = await templateCloud();
  await run(2 * MINUTE_MS, { nodes: () => [{ egress: 0.64 }] });
  expect(state('busy')).toBe('OK');
  await run(50_000, { nodes: () => [{ egress: 0.66 }] });
  expect(state('busy')).toBe('OK');
  await run(10_000, { nodes: () => [{ egress: 0.66 }] });
  expect(state('busy')).toBe('ALARM');
  expect(performed).toMatchObject([{ arn: SCALING_ARN, alarmName: 'fleet-nodes-busy', threshold: 0.65 }]);
  expect(performed[0]?.metricValue).toBeCloseTo(0.66);
  await run(10_000, { nodes: () => [{ egress: 0.1 }] });
  expect(state('busy')).toBe('OK');
});

it('busy: looks at packets too, and at the pool rather than at the mean of its nodes', async () => {
  const { run, state } = await templateCloud();
  await run(MINUTE_MS, { nodes: () => [{ egress: 0.1, packets: 0.7 }] });
  expect(state('busy')).toBe('ALARM');
  await run(MINUTE_MS, { nodes: () => [{ egress: 0.9 }, { egress: 0.2 }] });
  expect(state('busy')).toBe('OK');
});

it('busy: silence is not load', async () => {
  const { run, state } = await templateCloud();
  await run(5 * MINUTE_MS, { nodes: () => [undefined], inService: () => 1 });
  expect(state('busy')).toBe('OK');
});

it('no-capacity: at once, and again each minute while it lasts', async () => {
  const { run, state, performed } = await templateCloud();
  await run(MINUTE_MS, { nodes: () => [{ egress: 0.1 }], more: () => ({ NoCapacity: 0 }) });
  await run(10_000, { nodes: () => [{ egress: 0.1 }], more: () => ({ NoCapacity: 3 }) });
  expect(state('no-capacity')).toBe('ALARM');
  expect(performed).toMatchObject([{ arn: SCALING_ARN, metricValue: 3 }]);
  await run(MINUTE_MS, { nodes: () => [{ egress: 0.1 }], more: () => ({ NoCapacity: 1 }) });
  expect(performed).toMatchObject([{}, { arn: SCALING_ARN, previousState: 'ALARM', metricValue: 1 }]);
  await run(10_000, { nodes: () => [{ egress: 0.1 }], more: () => ({ NoCapacity: 0 }) });
  expect(state('no-capacity')).toBe('OK');
});

it('idle: one node fewer would carry it, for a quarter of an hour', async () => {
  const { run, state, performed, newest } = await templateCloud();
  const load = { nodes: () => [{ egress: 0.1 }, { egress: 0.1 }, { egress: 0.1 }] };
  await run(14 * MINUTE_MS, load);
  expect(state('idle')).toBe('OK');
  await run(MINUTE_MS, load);
  expect(state('idle')).toBe('ALARM');
  // Three nodes' load on two.
  expect(newest('idle')).toBeCloseTo(0.15);
  expect(performed.filter(({ arn }) => arn === SCALING_ARN)).toMatchObject([
    { alarmName: 'fleet-nodes-idle' },
  ]);
});

it('idle: what one node fewer would not carry stays', async () => {
  const { run, state, newest } = await templateCloud();
  await run(20 * MINUTE_MS, { nodes: () => [{ egress: 0.21 }, { egress: 0.21 }] });
  expect(newest('idle')).toBeCloseTo(0.42);
  expect(state('idle')).toBe('OK');
});

it('idle: nobody leaves while a node in service is silent', async () => {
  const { run, state, newest } = await templateCloud();
  await run(30 * MINUTE_MS, { nodes: () => [{ egress: 0.1 }, { egress: 0.1 }, undefined] });
  expect(state('idle')).toBe('OK');
  expect(newest('idle')).toBe(1_000);
});

it('idle: nobody leaves while all are silent, or the size of the group is not known', async () => {
  const silent = await templateCloud();
  await silent.run(30 * MINUTE_MS, { nodes: () => [undefined, undefined] });
  expect(silent.state('idle')).toBe('OK');
  const unknown = await templateCloud();
  await unknown.run(30 * MINUTE_MS, {
    nodes: () => [{ egress: 0 }, { egress: 0 }],
    inService: () => undefined,
  });
  expect(unknown.state('idle')).toBe('OK');
});

it('idle: leaves room for the growth of a boot time', async () => {
  const { run, state, newest } = await templateCloud();
  // Grows by 0.06 each 5 minutes: alone the load on one fewer would still be below 0.4.
  const growing = (elapsedMs: number) => ({ egress: 0.02 + (0.06 * elapsedMs) / (5 * MINUTE_MS) });
  await run(15 * MINUTE_MS, { nodes: (elapsedMs) => [growing(elapsedMs), growing(elapsedMs)] });
  expect(newest('idle')).toBeGreaterThan(0.4);
  expect(state('idle')).toBe('OK');
});

it('idle: the last node stays, even empty', async () => {
  const { run, state, newest } = await templateCloud();
  await run(30 * MINUTE_MS, { nodes: () => [{ egress: 0 }] });
  expect(newest('idle')).toBe(1_000);
  expect(state('idle')).toBe('OK');
});

it('idle: the first period has no growth yet, and counts without it', async () => {
  const { run, newest } = await templateCloud();
  await run(5 * MINUTE_MS, { nodes: () => [{ egress: 0.1 }, { egress: 0.1 }] });
  expect(newest('idle')).toBeCloseTo(0.2);
});

it('silent-nodes: one of two does not report for 5 minutes', async () => {
  const { run, state, performed, newest } = await templateCloud();
  await run(10 * MINUTE_MS, { nodes: () => [{ egress: 0.1 }, { egress: 0.1 }] });
  expect(state('silent-nodes')).toBe('OK');
  expect(newest('silent-nodes')).toBe(0);
  await run(4 * MINUTE_MS, { nodes: () => [{ egress: 0.1 }, undefined] });
  expect(state('silent-nodes')).toBe('OK');
  await run(MINUTE_MS, { nodes: () => [{ egress: 0.1 }, undefined] });
  expect(state('silent-nodes')).toBe('ALARM');
  expect(performed.filter(({ alarmName }) => alarmName === 'fleet-nodes-silent-nodes')).toMatchObject([
    { arn: TOPIC_ARN, metricValue: 6 },
  ]);
});

it('silent-nodes: all are silent, as long as the group tells how many there should be', async () => {
  const nodes = await templateCloud();
  await nodes.run(6 * MINUTE_MS, { nodes: () => [undefined] });
  expect(nodes.state('silent-nodes')).toBe('ALARM');
  // What is missing beside a value counts as 0 in a difference, so the treatment of missing data is never asked for.
  const both = await templateCloud();
  await both.run(6 * MINUTE_MS, { nodes: () => [undefined], inService: () => undefined });
  expect(both.state('silent-nodes')).toBe('OK');
});

it('joins-failing: a tenth of at least ten, in 3 of 5 minutes', async () => {
  const { run, state } = await templateCloud();
  const nodes = () => [{ egress: 0.1 }];
  await run(5 * MINUTE_MS, { nodes, more: () => ({ JoinsFailed: 1, JoinsAccepted: 0 }) });
  expect(state('joins-failing')).toBe('OK');
  await run(3 * MINUTE_MS, { nodes, more: () => ({ JoinsFailed: 1, JoinsAccepted: 5 }) });
  expect(state('joins-failing')).toBe('ALARM');
  await run(5 * MINUTE_MS, { nodes, more: () => ({ JoinsFailed: 1, JoinsAccepted: 99 }) });
  expect(state('joins-failing')).toBe('OK');
});

it('at-maximum: as many wanted as there may be, for 10 minutes', async () => {
  const { run, state, group } = await templateCloud();
  for (let minute = 1; minute <= 10; minute += 1) {
    group('GroupDesiredCapacity', 20);
    await run(MINUTE_MS, { nodes: () => [{ egress: 0.1 }] });
    expect(state('at-maximum')).toBe(minute < 10 ? 'OK' : 'ALARM');
  }
  group('GroupDesiredCapacity', 19);
  await run(MINUTE_MS, { nodes: () => [{ egress: 0.1 }] });
  expect(state('at-maximum')).toBe('OK');
});

it.each([
  ['heartbeats-late', 'HeartbeatAgeMs', 10_001, 3],
  ['turning-away', 'NoCapacity', 1, 5],
  ['drain-failed', 'DrainsFailed', 1, 1],
  ['instances-retained', 'RetainedInstances', 1, 60],
  ['store-unavailable', 'StoreUnavailable', 1, 5],
  ['throttled-bw', 'EnaBwOutAllowanceExceeded', 1, 3],
  ['throttled-pps', 'EnaPpsAllowanceExceeded', 1, 3],
  ['throttled-conntrack', 'EnaConntrackAllowanceExceeded', 1, 3],
])('%s: when it lasts', async (name, metric, value, minutes) => {
  const { run, state } = await templateCloud();
  const nodes = () => [{ egress: 0.1 }];
  await run(2 * MINUTE_MS, { nodes });
  if (minutes > 1) await run((minutes - 1) * MINUTE_MS, { nodes, more: () => ({ [metric]: value }) });
  expect(state(name)).toBe('OK');
  await run(MINUTE_MS, { nodes, more: () => ({ [metric]: value }) });
  expect(state(name)).toBe('ALARM');
});
