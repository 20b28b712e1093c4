import { LoadGenerator, type LoadOptions } from '../../local/load/load-generator';
import { OPUS_BPS } from '../../local/load/media-rates';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';

const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
});

async function startFleet(args: string[] = []): Promise<RunningFleet> {
  const fleet = await RunningFleet.start(args);
  running.push(fleet);
  return fleet;
}

async function startLoad(fleet: RunningFleet, options: Partial<LoadOptions> = {}): Promise<LoadGenerator> {
  const load = await LoadGenerator.start({
    url: fleet.url,
    rooms: 1,
    size: 3,
    publishers: 2,
    bitrateBps: 400_000,
    joinsPerSecond: 20,
    ...options,
  });
  running.push(load);
  return load;
}

function countIn(load: LoadGenerator): number {
  return load.peers.filter(({ state }) => state === 'in').length;
}

/** Peers that the node knows, of any room. */
async function peersOf(fleet: RunningFleet): Promise<number> {
  const { nodes } = await fleet.operator<{ nodes: { load: { clients: number } }[] }>('/v1/nodes');
  return nodes.reduce((sum, { load }) => sum + load.clients, 0);
}

test('peers receive each other at the wanted bitrate, in the upper layer, and leave no trace', async () => {
  const fleet = await startFleet(['--nodes', '1']);
  const seconds: { receivedBps: number; wantedBps: number }[] = [];
  const load = await startLoad(fleet, { processes: 2, onSecond: (second) => seconds.push(second) });
  const children = load.pids;
  expect(children).toHaveLength(2);
  await eventually(() => countIn(load) === 3);
  // Two senders: one stream for each of them, two for the third.
  const wantedBps = 4 * (400_000 * 0.75 + OPUS_BPS);
  await eventually(() => seconds.some((second) => second.receivedBps > 0.85 * wantedBps));
  const report = await eventually(async () => {
    const now = await load.report();
    return now.media.videoLayers[2] === 4 && now;
  });
  expect(seconds.at(-1)?.wantedBps).toBe(wantedBps);
  expect(Math.min(...seconds.slice(-3).map(({ receivedBps }) => receivedBps))).toBeLessThan(wantedBps * 2);
  expect(report).toMatchObject({
    joins: { asked: 3, done: 3, failures: {} },
    peers: { in: 3, dropped: 0 },
    joinMs: { count: 3 },
    firstMediaMs: { count: 3 },
    connections: { lost: 0 },
  });
  expect(report.firstMediaMs.p50).toBeGreaterThan(0);
  expect(await peersOf(fleet)).toBe(3);

  const final = await load.stop();
  expect(final.peers).toMatchObject({ in: 3, dropped: 0 });
  await eventually(async () => (await peersOf(fleet)) === 0);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('subscribers get the layer that they ask for, and the load follows its target', async () => {
  const fleet = await startFleet(['--nodes', '1']);
  const load = await startLoad(fleet, { size: 2, publishers: 1, spatialLayer: 0, audio: false });
  // A mean of ten seconds: the first ones had all layers.
  await eventually(async () => {
    const { videoLayers, receivedBps } = (await load.report()).media;
    return videoLayers[0] === 1 && receivedBps > 0 && receivedBps < 400_000 * 0.2;
  });

  load.add({ rooms: 2 });
  await eventually(() => countIn(load) === 6);
  load.setTarget({ rooms: 1, publishers: 2 });
  // Who only received leaves, and somebody who sends comes.
  await eventually(() => countIn(load) === 2 && load.peers.every(({ publishes }) => publishes));
  const report = await load.report();
  expect(report.peers).toEqual({ entering: 0, in: 2, away: 0, failed: 0, dropped: 0, left: 5 });
  expect(report.joins).toMatchObject({ asked: 7, done: 7 });
  await eventually(async () => (await peersOf(fleet)) === 2);
});

test('a room that ends is empty, stays so, and the others go on', async () => {
  const fleet = await startFleet(['--nodes', '1']);
  const load = await startLoad(fleet, {
    rooms: 3,
    size: 2,
    publishers: 1,
    audio: false,
    roomPrefix: 'ends-',
  });
  await eventually(() => countIn(load) === 6);
  load.endRooms(['ends-2']);
  await eventually(() => countIn(load) === 4);
  load.setTarget({ rooms: 4 });
  await eventually(() => countIn(load) === 6);
  const rooms = new Set(load.peers.map(({ roomId }) => roomId));
  expect([...rooms].sort()).toEqual(['ends-1', 'ends-3', 'ends-4']);
  expect((await load.report()).peers).toMatchObject({ in: 6, left: 2, dropped: 0 });
});

test('who finds no capacity waits as told, comes again, and gets in when there is room', async () => {
  const fleet = await startFleet(['--nodes', '1', '--capacity-mbps', '8']);
  const crowd = await startLoad(fleet, { rooms: 6, size: 2 });
  await eventually(async () => (await crowd.report()).joins.failures.FLEET_ERR_NO_CAPACITY);
  await eventually(() => countIn(crowd) > 0);

  const late = await startLoad(fleet, { size: 2 });
  await eventually(async () => (await late.report()).joins.failures.FLEET_ERR_NO_CAPACITY);
  expect(countIn(late)).toBe(0);
  await crowd.stop();
  await eventually(() => countIn(late) === 2);
  const report = await late.report();
  expect(report.joins).toMatchObject({ asked: 2, done: 2 });
  expect(report.joins.retries).toBeGreaterThan(0);
  expect(report.getInMs.max).toBeGreaterThan(report.joinMs.max);
});

test('a room that is moved: its peers migrate, and go on receiving meanwhile', async () => {
  const fleet = await startFleet(['--nodes', '2']);
  const load = await startLoad(fleet, { size: 3, publishers: 2 });
  await eventually(() => countIn(load) === 3);
  await eventually(async () => (await load.report()).media.packets > 100);
  const roomId = load.peers[0]?.roomId ?? '';
  await fleet.operator(`/v1/rooms/${roomId}/migrate`, { body: {} });
  await eventually(async () => (await load.report()).connections.migrated === 3);
  const moved = await load.report();
  await eventually(async () => (await load.report()).media.packets > moved.media.packets + 100);
  const after = await load.stop();
  expect(after.connections).toMatchObject({ lost: 0, resumed: 0, rejoined: 0, migrated: 3 });
  expect(after.media.gapsOver1s).toBe(0);
  expect(after.peers).toMatchObject({ in: 3, dropped: 0 });
  await eventually(async () => (await peersOf(fleet)) === 0);
});

test('a killed node: its peers join again elsewhere, and the gap is told', async () => {
  const fleet = await startFleet(['--nodes', '2', '--no-restart']);
  const load = await startLoad(fleet, { size: 2, publishers: 2 });
  await eventually(() => countIn(load) === 2);
  await eventually(async () => (await load.report()).media.packets > 100);
  const roomId = load.peers[0]?.roomId ?? '';
  const room = await fleet.operator<{ nodes: string[] }>(`/v1/rooms/${roomId}`);
  const before = await load.report();
  process.kill(fleet.nodePid(room.nodes[0] ?? ''), 'SIGKILL');

  const back = await eventually(async () => {
    const report = await load.report();
    return report.connections.rejoined >= 2 && report.peers.in === 2 && report;
  });
  expect(back.connections.lost).toBeGreaterThanOrEqual(2);
  expect(back.connections.awayMs.max).toBeGreaterThan(0);
  await eventually(async () => (await load.report()).media.packets > back.media.packets + 100);
  const after = await load.stop();
  expect(after.media.gapsOver200Ms).toBeGreaterThan(before.media.gapsOver200Ms);
  expect(after.media.longestGapMs).toBeGreaterThan(200);
  expect(after.peers).toMatchObject({ in: 2, dropped: 0 });
});
