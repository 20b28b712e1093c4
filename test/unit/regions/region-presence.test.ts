import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import type { Presence, PresenceAnswer } from '../../../core/protocol/region-link';
import { directoryOrder } from '../../../core/regions/directory-order';
import type { RegionEntry } from '../../../node-app/media/regions-port';
import { RegionPresence } from '../../../node-app/regions/region-presence';
import { ManualClock } from '../../helpers/manual-clock';

const REGIONS = ['ap', 'eu', 'us'];

/** One region's node, and directories that say what a test lets them say. */
class Scene {
  readonly clock = new ManualClock();
  readonly said: { to: string; presence: Presence }[] = [];
  /** What `onRoot` was told, as the node and the link address. */
  readonly roots: string[] = [];
  tied = false;
  readonly away = new Set<string>();
  readonly errors: string[] = [];
  /** Directory → the root that it names. */
  readonly names = new Map<string, { region: string; nodeId: string }>();
  readonly presence = new RegionPresence({
    nodeId: 'eu-a',
    region: 'eu',
    regions: REGIONS,
    speak: (to, presence) => this.#answer(to, presence),
    addressOf: (region, nodeId) => `wss://${region}/${nodeId}`,
    clock: this.clock,
    random: () => 0.5,
    logger: pino({ level: 'error' }, { write: (line: string) => void this.errors.push(line) }),
  });

  constructor() {
    this.presence.start();
  }

  enter(roomId: string, epoch = () => 1): RegionEntry {
    return this.presence.enter({
      roomId,
      epoch,
      isTied: () => this.tied,
      onRoot: ({ nodes, homeLinkAddress }) => this.roots.push(`${nodes[0]} ${homeLinkAddress}`),
    });
  }

  /** Who was told since the last call, with the rooms that are held, and those that were left. */
  told(): string[] {
    return this.said
      .splice(0)
      .map(({ to, presence: { held, left } }) =>
        [to, ...held.map(({ roomId }) => roomId), ...left.map(({ roomId }) => `-${roomId}`)].join(' '),
      );
  }

  async #answer(to: string, presence: Presence): Promise<PresenceAnswer> {
    this.said.push({ to, presence });
    if (this.away.has(to)) throw new FleetError('FLEET_ERR_NODE_UNREACHABLE');
    const root = this.names.get(to) ?? { region: 'eu', nodeId: 'eu-a' };
    return { roots: presence.held.map(({ roomId }) => ({ roomId, ...root })) };
  }
}

/** A room whose directories are these, in this order. */
function roomOf(...order: string[]): string {
  for (let index = 0; ; index += 1) {
    if (directoryOrder(`room-${index}`, REGIONS).join() === order.join()) return `room-${index}`;
  }
}

const ROOM = roomOf('us', 'ap', 'eu');

test('a room is told at once to the first region in its order, and every second from then on, in one message with others', async () => {
  const scene = new Scene();
  const entry = scene.enter(ROOM);
  await scene.clock.advance(0);
  expect(scene.told()).toEqual([`us ${ROOM}`]);
  expect(scene.roots).toEqual(['eu-a ']);
  const other = roomOf('us', 'eu', 'ap');
  scene.enter(other);
  await scene.clock.advance(0);
  expect(scene.told()).toEqual([`us ${other}`]);
  await scene.clock.advance(2_000);
  expect(scene.told()).toEqual([`us ${ROOM} ${other}`, `us ${ROOM} ${other}`]);
  entry.close();
  await scene.clock.advance(1_000);
  expect(scene.told()).toEqual([`us -${ROOM}`, `us ${other}`]);
});

test('messages are numbered, upward, and say since when this region is the root', async () => {
  const scene = new Scene();
  scene.enter(ROOM);
  await scene.clock.advance(3_000);
  const numbers = scene.said.map(({ presence }) => presence.seq);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(scene.said.map(({ presence }) => presence.held[0]?.rootForMs)).toEqual([0, 1_000, 2_000, 3_000]);
});

test('a directory that fails once is asked again; when it fails twice the next one serves', async () => {
  const scene = new Scene();
  scene.names.set('us', { region: 'us', nodeId: 'us-a' });
  scene.names.set('ap', { region: 'eu', nodeId: 'eu-a' });
  scene.enter(ROOM);
  await scene.clock.advance(0);
  expect(scene.roots).toEqual(['us-a wss://us/us-a']);
  scene.away.add('us');
  scene.told();
  await scene.clock.advance(1_000);
  expect(scene.told()).toEqual([`us ${ROOM}`]);
  await scene.clock.advance(250);
  expect(scene.told()).toEqual([`us ${ROOM}`, `ap ${ROOM}`]);
  expect(scene.roots).toEqual(['us-a wss://us/us-a', 'eu-a ']);
  expect(scene.presence.reachableRegions).toEqual(['ap', 'eu']);
});

test('a directory that comes back is asked first again, and is looked for with pauses meanwhile', async () => {
  const scene = new Scene();
  scene.away.add('us');
  scene.enter(ROOM);
  await scene.clock.advance(20_000);
  const attempts = scene.told().filter((told) => told === 'us');
  expect(attempts.length).toBeGreaterThan(10);
  expect(attempts.length).toBeLessThan(25);
  scene.away.clear();
  await scene.clock.advance(3_000);
  scene.told();
  await scene.clock.advance(1_000);
  expect(scene.told()).toEqual([`us ${ROOM}`]);
});

test('a root that a room is tied to is left for that of another region only when this has been named for a lease', async () => {
  const scene = new Scene();
  scene.names.set('us', { region: 'ap', nodeId: 'ap-a' });
  scene.names.set('ap', { region: 'eu', nodeId: 'eu-a' });
  scene.enter(ROOM);
  await scene.clock.advance(0);
  scene.tied = true;
  scene.away.add('us');
  await scene.clock.advance(3_000);
  expect(scene.roots).toEqual(['ap-a wss://ap/ap-a']);
  // By now everybody has told the new directory.
  await scene.clock.advance(3_000);
  expect(scene.roots).toEqual(['ap-a wss://ap/ap-a', 'eu-a ']);
});

test('a root that moves within its region, or that a room has no tie to, is followed at once', async () => {
  const scene = new Scene();
  scene.names.set('us', { region: 'ap', nodeId: 'ap-a' });
  scene.enter(ROOM);
  await scene.clock.advance(0);
  scene.tied = true;
  scene.names.set('us', { region: 'ap', nodeId: 'ap-b' });
  await scene.clock.advance(1_000);
  scene.tied = false;
  scene.names.set('us', { region: 'us', nodeId: 'us-a' });
  await scene.clock.advance(1_000);
  expect(scene.roots).toEqual(['ap-a wss://ap/ap-a', 'ap-b wss://ap/ap-b', 'us-a wss://us/us-a']);
});

test('when no directory answers, not even the own one, rooms stay as they are', async () => {
  const scene = new Scene();
  scene.names.set('us', { region: 'ap', nodeId: 'ap-a' });
  const entry = scene.enter(ROOM);
  await scene.clock.advance(0);
  for (const region of REGIONS) scene.away.add(region);
  await scene.clock.advance(30_000);
  expect(entry.root()).toMatchObject({ nodes: ['ap-a'], homeLinkAddress: 'wss://ap/ap-a' });
  expect(scene.roots).toHaveLength(1);
});

test('a node of the same id in another region is told apart by an error, not joined', async () => {
  const scene = new Scene();
  scene.names.set('us', { region: 'ap', nodeId: 'eu-a' });
  scene.enter(ROOM);
  await scene.clock.advance(0);
  expect(scene.roots).toEqual([]);
  expect(scene.errors.join()).toContain('FLEET_ERR_CONFIG');
});

test('many rooms are told in several messages', async () => {
  const scene = new Scene();
  const rooms = Array.from({ length: 4_000 }, (_, index) => `room-${index}`);
  for (const roomId of rooms) scene.enter(roomId);
  await scene.clock.advance(0);
  const told = scene.said.flatMap(({ presence }) => presence.held.map(({ roomId }) => roomId));
  expect(told.sort()).toEqual([...rooms].sort());
  expect(Math.max(...scene.said.map(({ presence }) => presence.held.length))).toBe(200);
});
