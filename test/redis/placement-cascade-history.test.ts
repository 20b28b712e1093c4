import { partDemand, NO_PEERS, withPeer, type PeerRole } from '../../core/capacity/egress-model';
import { FleetError } from '../../core/errors';
import type { EndedRoom, HeartbeatReply, Placement, RoomReport } from '../../core/placement/placement-port';
import { RedisServer } from '../helpers/redis-server';
import { AUDIENCE, BOTH, TestFleet } from '../helpers/test-fleet';
import { seededRandom } from '../bench/harness';

const HISTORIES = 40;
const STEPS = 150;
const NODES = ['a', 'b', 'c', 'd', 'e'];
const ROOMS = ['r1', 'r2', 'r3'];
/** A handful of peers, so that rooms spread. */
const CAPACITY = { egressBps: 12_000_000, packetsPerSecond: 2_500 };

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(async () => {
  await server.stop();
});

interface Held {
  epoch: number;
  home: string;
  peers: PeerRole[];
}

/** A node that keeps its rooms in memory and does what placement tells it, as a real one would. */
class MemoryNode {
  readonly rooms = new Map<string, Held>();
  isRunning = true;
  isReachable = true;
  #ended: EndedRoom[] = [];
  #seen: number[] = [];
  #seq = 0;
  #acknowledged = 0;
  #needFull = true;
  /** What placement has acknowledged of each room. */
  #known = new Map<string, string>();

  constructor(
    readonly fleet: TestFleet,
    readonly nodeId: string,
  ) {}

  crash(): void {
    this.isRunning = false;
    this.rooms.clear();
    [this.#ended, this.#seen, this.#seq, this.#acknowledged, this.#needFull] = [[], [], 0, 0, true];
    this.#known.clear();
  }

  open({ roomId, epoch, nodes, claim }: Placement, role: PeerRole): void {
    const room = this.rooms.get(roomId) ?? { epoch: 0, home: '', peers: [] };
    this.follow(room, nodes, epoch);
    room.peers.push(role);
    this.rooms.set(roomId, room);
    this.#ended = this.#ended.filter((ended) => ended.roomId !== roomId);
    this.#seen.push(claim.seq);
  }

  close(roomId: string): void {
    const room = this.rooms.get(roomId);
    if (room?.peers.pop() === undefined || room.peers.length > 0) return;
    this.rooms.delete(roomId);
    this.#ended.push({ roomId, epoch: room.epoch, peakPeers: 2 });
  }

  /** `isHeard`: the answer comes back. */
  async beat(isHeard: boolean): Promise<void> {
    if (!this.isRunning || !this.isReachable) return;
    const [ended, seen] = [this.#ended, this.#seen];
    const reports = [...this.rooms].map(([roomId, room]) => this.#report(roomId, room));
    const texts = new Map(reports.map((report) => [report.roomId, JSON.stringify(report)]));
    this.#seq += 1;
    const reply = await this.fleet.store.heartbeat(
      this.fleet.heartbeatOf(this.nodeId, {
        capacity: CAPACITY,
        rooms: reports.filter(
          ({ roomId }) => this.#needFull || texts.get(roomId) !== this.#known.get(roomId),
        ),
        endedRooms: ended,
        seenClaims: seen,
        full: this.#needFull,
        heartbeatSeq: this.#seq,
        acknowledgedSeq: this.#acknowledged,
      }),
    );
    if (!isHeard) return;
    this.#known = texts;
    this.#heard(reply, ended.length, seen.length);
  }

  async findHome(roomId: string, isDead: boolean): Promise<void> {
    const room = this.rooms.get(roomId);
    if (!room || room.home === this.nodeId) return;
    const evidence = isDead ? { nodeId: room.home, kind: 'dead' as const } : undefined;
    try {
      const { nodes, epoch } = await this.fleet.store.findHome({ roomId, nodeId: this.nodeId, evidence });
      this.follow(room, nodes, epoch);
    } catch (error) {
      if (FleetError.from(error).code === 'FLEET_ERR_NOT_FOUND') this.rooms.delete(roomId);
      else if (FleetError.from(error).code !== 'FLEET_ERR_PLACEMENT_UNAVAILABLE') throw error;
    }
  }

  follow(room: Held, nodes: string[], epoch: number): void {
    if (epoch < room.epoch) return;
    room.epoch = epoch;
    room.home = nodes[0] ?? '';
  }

  #heard(reply: HeartbeatReply, ended: number, seen: number): void {
    this.#acknowledged = this.#seq;
    this.#needFull = reply.needFull;
    this.#ended = this.#ended.slice(ended);
    this.#seen = this.#seen.slice(seen);
    for (const { roomId, epoch } of reply.lostRooms) {
      if ((this.rooms.get(roomId)?.epoch ?? epoch) < epoch) this.rooms.delete(roomId);
    }
    for (const { roomId, nodes, epoch } of reply.homes) {
      const room = this.rooms.get(roomId);
      if (room) this.follow(room, nodes, epoch);
    }
  }

  #report(roomId: string, { epoch, home, peers }: Held): RoomReport {
    const counts = peers.reduce((sum, role) => withPeer(sum, role), NO_PEERS);
    return {
      roomId,
      epoch,
      homeNodeId: home === this.nodeId ? '' : home,
      peers: counts.peers,
      publishers: counts.publishers,
      subscribers: counts.subscribers,
      expectedPeers: counts.peers,
      reserved: partDemand(counts, { remotePublishers: 0, otherNodes: 0 }),
    };
  }
}

/** One life of a fleet, with everything that goes wrong. */
class History {
  readonly nodes: MemoryNode[];
  #snapshot: { key: string; dump: Buffer }[] = [];

  constructor(
    readonly fleet: TestFleet,
    readonly random: () => number,
  ) {
    this.nodes = NODES.map((nodeId) => new MemoryNode(fleet, nodeId));
  }

  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)] as T;
  }

  node(nodeId: string): MemoryNode {
    return this.nodes.find((node) => node.nodeId === nodeId) as MemoryNode;
  }

  async step(): Promise<void> {
    const chance = this.random();
    const node = this.pick(this.nodes);
    if (chance < 0.35) await this.join(this.pick(ROOMS));
    else if (chance < 0.55) node.close(this.pick(ROOMS));
    else if (chance < 0.6) await node.findHome(this.pick(ROOMS), false);
    else if (chance < 0.65) await this.askAboutTheDead(node);
    else if (chance < 0.68) node.crash();
    else if (chance < 0.73) node.isRunning = true;
    else if (chance < 0.76) node.isReachable = !node.isReachable;
    else if (chance < 0.765) await this.forgetAll();
    else if (chance < 0.78) await this.takeSnapshot();
    else if (chance < 0.785) await this.returnToSnapshot();
    else await this.pass(this.pick([100, 300, 1_000, 4_000]));
  }

  async join(roomId: string): Promise<void> {
    const role = this.pick([BOTH, AUDIENCE, AUDIENCE]);
    let evidence: { nodeId: string; kind: 'dead' } | undefined;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      let placement: Placement;
      try {
        placement = await this.fleet.place(roomId, { role, evidence, expectedPeers: this.pick([1, 1, 3]) });
      } catch (error) {
        const { code } = FleetError.from(error);
        if (code === 'FLEET_ERR_NO_CAPACITY' || code === 'FLEET_ERR_PLACEMENT_UNAVAILABLE') return;
        throw error;
      }
      const node = this.node(placement.nodeId);
      if (node.isRunning && this.random() < 0.9) return node.open(placement, role);
      if (this.random() < 0.7) {
        await this.fleet.store.releaseClaim({ nodeId: node.nodeId, roomId, seq: placement.claim.seq });
      }
      if (node.isRunning) return;
      evidence = { nodeId: node.nodeId, kind: 'dead' };
    }
  }

  /** What a node does whose link to a home broke. */
  async askAboutTheDead(node: MemoryNode): Promise<void> {
    for (const [roomId, { home }] of [...node.rooms]) {
      if (!this.node(home).isRunning) await node.findHome(roomId, true);
    }
  }

  async pass(ms: number, isHeard: () => boolean = () => this.random() < 0.95): Promise<void> {
    this.fleet.nowMs += ms;
    for (const node of this.nodes) await node.beat(isHeard());
  }

  async forgetAll(): Promise<void> {
    const keys = await this.fleet.keys();
    if (keys.length > 0) await this.fleet.redis.del(keys);
  }

  async takeSnapshot(): Promise<void> {
    const keys = await this.fleet.keys();
    const dumps = await Promise.all(keys.map((key) => this.fleet.redis.dumpBuffer(key)));
    this.#snapshot = keys.flatMap((key, i) => (dumps[i] ? [{ key, dump: dumps[i] }] : []));
  }

  /** A replica took over that had not heard of anything since. */
  async returnToSnapshot(): Promise<void> {
    await this.forgetAll();
    for (const { key, dump } of this.#snapshot) await this.fleet.redis.restore(key, 0, dump);
  }

  /** Everything works again, but for nodes that are dead, for longer than any of it is remembered. */
  async settle(): Promise<void> {
    for (const node of this.nodes) node.isReachable = true;
    // Somebody must sweep.
    this.node('a').isRunning = true;
    for (let second = 0; second < 90; second += 1) {
      await this.pass(1_000, () => true);
      for (const node of this.nodes) await this.askAboutTheDead(node);
    }
  }

  async check(): Promise<void> {
    const key = (name: string) => `{${this.fleet.prefix}}:${name}`;
    const { rooms } = await this.fleet.store.listRooms();
    const members = rooms.flatMap(({ roomId, nodes }) => nodes.map((nodeId) => `${nodeId}\0${roomId}`));
    const further = rooms.flatMap(({ roomId, nodes }) =>
      nodes.slice(1).map((nodeId) => `${nodeId}\0${roomId}`),
    );
    expect((await this.fleet.redis.zrange(key('room-index'), '0', '-1')).sort()).toEqual(members.sort());
    expect((await this.fleet.redis.hkeys(key('room-parts'))).sort()).toEqual(further.sort());
    const held = this.nodes.flatMap(({ nodeId, rooms: of }) =>
      [...of.keys()].map((id) => `${nodeId}\0${id}`),
    );
    expect(held.sort()).toEqual(members.sort());
    for (const { roomId, nodes, epoch, peers } of rooms) {
      expect(new Set(nodes).size).toBe(nodes.length);
      const holders = nodes.map((nodeId) => this.node(nodeId).rooms.get(roomId));
      for (const holder of holders) expect(holder).toMatchObject({ epoch, home: nodes[0] });
      expect(peers).toBe(holders.reduce((sum, holder) => sum + (holder?.peers.length ?? 0), 0));
    }
    expect(await this.fleet.redis.zcard(key('claims'))).toBe(0);
  }

  async endAll(): Promise<void> {
    for (const node of this.nodes) {
      for (const [roomId, { peers }] of [...node.rooms]) {
        for (let left = peers.length; left > 0; left -= 1) node.close(roomId);
      }
    }
    for (let second = 0; second < 3; second += 1) await this.pass(1_000, () => true);
    expect((await this.fleet.store.listRooms()).rooms).toEqual([]);
  }
}

test.each(Array.from({ length: HISTORIES }, (_, i) => i + 1))(
  'after any history there is one home, one epoch and nothing that nobody holds (%d)',
  async (seed) => {
    const random = seededRandom(seed);
    const fleet = new TestFleet(server, { random });
    try {
      const history = new History(fleet, random);
      for (let second = 0; second < 4; second += 1) await history.pass(1_000, () => true);
      for (let i = 0; i < STEPS; i += 1) await history.step();
      await history.settle();
      await history.check();
      await history.endAll();
      await history.check();
    } finally {
      await fleet.close();
    }
  },
);
