import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import type { RegionRoom } from '../../../node-app/media/regions-port';
import { RegionTie } from '../../../node-app/media/region-tie';
import type { RoomLinksPort, RoomPlace } from '../../../node-app/media/room-links-port';
import { ManualClock, settle } from '../../helpers/manual-clock';

/** Homes of one room in several regions, with links in memory. Their directory is the test. */
class Homes {
  readonly clock = new ManualClock();
  readonly homes = new Map<string, Home>();
  readonly cut = new Set<string>();

  add(nodeId: string): Home {
    const home = new Home(nodeId, this);
    this.homes.set(nodeId, home);
    return home;
  }

  reach(from: string, to: string): Home | undefined {
    return this.cut.has(from) || this.cut.has(to) ? undefined : this.homes.get(to);
  }

  /** Every home hears the same root. */
  async agreeOn(rootId: string): Promise<void> {
    for (const home of this.homes.values()) home.hears(rootId);
    await this.pass(5_000);
  }

  /** In steps, between which what is under way arrives. */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 50) await this.clock.advance(50);
  }

  /** Pairs of neighbours, each once, as both ends see them. */
  ties(): string[] {
    const pairs = [...this.homes.values()].flatMap(({ nodeId, neighbours }) =>
      [...neighbours].map((other) => {
        if (this.homes.get(other)?.neighbours.has(nodeId) !== true)
          throw new Error(`${nodeId}–${other}: one end only`);
        return [nodeId, other].sort().join('–');
      }),
    );
    return [...new Set(pairs)].sort();
  }
}

class Home {
  readonly neighbours = new Set<string>();
  /** Neighbours that were told to be gone for good. */
  readonly left: string[] = [];
  readonly tie: RegionTie;
  #room: RegionRoom | undefined;
  #root: RoomPlace | undefined;
  #changes = 0;

  constructor(
    readonly nodeId: string,
    homes: Homes,
  ) {
    const links: RoomLinksPort = {
      join: async ({ nodeId: to }) => {
        await settle();
        const target = homes.reach(nodeId, to);
        if (!target) throw new FleetError('FLEET_ERR_NODE_UNREACHABLE');
        target.tie.regionJoins(nodeId);
      },
      send: () => undefined,
      leave: (to, _roomId, goesOn) =>
        void settle().then(() => homes.reach(nodeId, to)?.tie.neighbourLeft(nodeId, goesOn)),
    };
    this.tie = new RegionTie({
      roomId: 'room',
      nodeId,
      links,
      regions: {
        region: nodeId,
        enter: (room) => {
          this.#room = room;
          return { root: () => this.#root, close: () => undefined };
        },
      },
      epoch: () => 1,
      listener: {
        homeChanged: () => undefined,
        neighbourUp: (id) => this.neighbours.add(id),
        neighbourDown: (id) => this.neighbours.delete(id),
        neighbourLeft: (id) => {
          this.neighbours.delete(id);
          this.left.push(id);
        },
      },
      clock: homes.clock,
      random: Math.random,
      logger: pino({ level: 'silent' }),
    });
  }

  hears(rootId: string): void {
    if (this.#root?.nodes[0] === rootId) return;
    this.#changes += 1;
    this.#root = { nodes: [rootId], homeLinkAddress: rootId, epoch: this.#changes };
    this.#room?.onRoot(this.#root);
  }
}

let homes: Homes;

beforeEach(() => {
  homes = new Homes();
  for (const nodeId of ['a', 'b', 'c', 'd']) homes.add(nodeId);
});

test('the homes of all regions form a star around the root', async () => {
  await homes.agreeOn('b');
  expect(homes.ties()).toEqual(['a–b', 'b–c', 'b–d']);
});

test('another root makes another star, and nobody is told to be gone', async () => {
  await homes.agreeOn('b');
  await homes.agreeOn('c');
  expect(homes.ties()).toEqual(['a–c', 'b–c', 'c–d']);
  expect([...homes.homes.values()].flatMap(({ left }) => left)).toEqual([]);
});

test('directories that contradict each other make no loop, and their agreement makes one star', async () => {
  for (let round = 0; round < 50; round += 1) {
    const names = ['a', 'b', 'c', 'd'];
    for (const home of homes.homes.values()) {
      home.hears(names[Math.floor(Math.random() * names.length)] ?? 'a');
      if (Math.random() < 0.5) await homes.pass(Math.random() * 500);
    }
    await homes.pass(3_000);
    // Fewer ties than homes, and none that closes a circle.
    expect(circlesIn(homes.ties())).toEqual([]);
  }
  await homes.agreeOn('d');
  expect(homes.ties()).toEqual(['a–d', 'b–d', 'c–d']);
});

test('a home that loses its link to the root joins it again', async () => {
  await homes.agreeOn('a');
  homes.cut.add('b');
  homes.homes.get('a')?.tie.linkLost('b');
  homes.homes.get('b')?.tie.linkLost('a');
  await homes.pass(10_000);
  expect(homes.ties()).toEqual(['a–c', 'a–d']);
  homes.cut.clear();
  await homes.pass(5_000);
  expect(homes.ties()).toEqual(['a–b', 'a–c', 'a–d']);
});

test('a home that is none any more lets go of the others, which look for the next one', async () => {
  await homes.agreeOn('a');
  homes.homes.get('a')?.tie.close(true);
  await homes.pass(1_000);
  expect(homes.ties()).toEqual([]);
  expect(homes.homes.get('b')?.left).toEqual([]);
  await homes.agreeOn('b');
  homes.homes.delete('a');
  expect(homes.ties().filter((tie) => !tie.includes('a'))).toEqual(['b–c', 'b–d']);
});

test('a room that has ended in a region is gone there at once', async () => {
  await homes.agreeOn('a');
  homes.homes.get('b')?.tie.close(false);
  await homes.pass(100);
  expect(homes.homes.get('a')?.left).toEqual(['b']);
});

/** The ties that join what was joined before. */
function circlesIn(ties: readonly string[]): string[] {
  const groups = new Map<string, string>();
  const find = (id: string): string => {
    const parent = groups.get(id) ?? id;
    return parent === id ? id : find(parent);
  };
  return ties.filter((tie) => {
    const [one = '', other = ''] = tie.split('–').map(find);
    groups.set(one, other);
    return one === other;
  });
}
