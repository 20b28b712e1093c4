import { pino } from 'pino';
import { DrainMover } from '../../../node-app/drain/drain-mover';
import { NodeDrain } from '../../../node-app/drain/node-drain';
import type { LeavingPeer, MoveResult } from '../../../node-app/drain/peer-mover';
import type { DrainCommand } from '../../../core/drain/drain-command';
import type { Occupant } from '../../../core/drain/plan-drain';
import { ManualClock, settle } from '../../helpers/manual-clock';

const ROLE = { publishes: true, subscribes: true };
const MINUTE = 60_000;

/** A node with a drain, whose peers are only names. */
class Node {
  readonly clock = new ManualClock();
  readonly peers = new Map<string, string[]>([
    ['r', ['a', 'b']],
    ['s', ['c', 'd', 'e']],
  ]);
  readonly broadcasters = new Map<string, string[]>();
  readonly away = new Set<string>();
  readonly moved: string[] = [];
  readonly evicted: string[] = [];
  beats = 0;
  /** What becomes of a move. */
  answer: (peer: LeavingPeer) => MoveResult | Promise<MoveResult> = () => 'moved';
  readonly drain: NodeDrain;
  readonly mover: DrainMover;

  constructor() {
    const logger = pino({ level: 'silent' });
    this.drain = new NodeDrain({
      occupancy: () => this.occupancy(),
      clock: this.clock,
      logger,
      onChanged: () => this.mover.wake(),
    });
    const { drain } = this;
    this.mover = new DrainMover({
      drain: {
        get state() {
          return drain.state;
        },
        drainReport: () => drain.report(),
        drainProgressed: (progress) => drain.progressed(progress),
      },
      occupants: () =>
        [...this.peers].map(([roomId, peerIds]) => ({
          roomId,
          peers: peerIds.map((peerId) => ({ peerId, role: ROLE })),
          broadcasterIds: this.broadcasters.get(roomId) ?? [],
        })),
      isAway: (_roomId, peerId) => this.away.has(peerId),
      mover: { move: (peer, isWanted) => this.move(peer, isWanted) },
      evict: (occupant) => {
        this.evicted.push(occupant.peerId);
        this.remove(occupant);
      },
      joinsPerSecond: 20,
      beat: async () => {
        this.beats += 1;
      },
      clock: this.clock,
      random: () => 0.5,
      logger,
    });
  }

  begin(command: Partial<DrainCommand>): void {
    const issuedAtMs = this.clock.nowMs();
    const deadlineAtMs = issuedAtMs + 30 * MINUTE;
    this.drain.drain({ commandId: 'one', reason: 'operator', issuedAtMs, deadlineAtMs, ...command });
    this.drain.placementAnswered({ state: 'CORDONED', rooms: 0 }, 0);
  }

  private occupancy() {
    return { rooms: this.peers.size, peers: [...this.peers.values()].flat().length };
  }

  private async move(peer: LeavingPeer, isWanted: () => boolean): Promise<MoveResult> {
    const result = await this.answer(peer);
    if (!this.peers.get(peer.roomId)?.includes(peer.peerId)) return result;
    if (!isWanted()) return 'gone';
    if (result === 'moved') {
      this.moved.push(peer.peerId);
      this.remove(peer);
    }
    return result;
  }

  private remove({ roomId, peerId }: Occupant): void {
    const rest = this.peers.get(roomId)?.filter((one) => one !== peerId) ?? [];
    if (!this.peers.has(roomId)) throw new Error('no such room');
    if (rest.length > 0) this.peers.set(roomId, rest);
    else this.peers.delete(roomId);
  }
}

let node: Node;

beforeEach(() => {
  node = new Node();
});

afterEach(() => {
  node.mover.close();
  expect(node.clock.waiting).toBe(0);
});

test('a node waits, tells placement, moves room by room, and reports how far it is', async () => {
  node.begin({});
  const endsAtMs = node.clock.nowMs() + 25 * MINUTE;
  await node.clock.advance(15 * MINUTE - 1);
  expect([node.moved, node.beats, node.drain.isMoving]).toEqual([[], 0, false]);
  expect(node.drain.report()?.progress).toEqual({
    phase: 'waiting',
    rooms: 2,
    peers: 5,
    moved: 0,
    etaAtMs: endsAtMs,
  });
  await node.clock.advance(1);
  expect([node.moved, node.beats, node.drain.isMoving]).toEqual([[], 1, true]);
  await node.clock.advance(5_000);
  expect(node.moved).toEqual(['a', 'b']);
  // Two of five took two fifths of the ten minutes that are left until everybody should be elsewhere.
  await node.clock.advance(4 * MINUTE - 6_000);
  expect(node.moved).toEqual(['a', 'b']);
  await node.clock.advance(6_000);
  expect(node.moved).toEqual(['a', 'b', 'c', 'd', 'e']);
  await node.clock.advance(6 * MINUTE);
  expect(node.drain.report()?.progress).toMatchObject({ phase: 'moving', rooms: 0, peers: 0, moved: 5 });
});

test('a drain that is taken back stops in the middle of a wave, also while placement is asked', async () => {
  node.begin({ deadlineAtMs: node.clock.nowMs() });
  await node.clock.advance(1_500);
  const moved = [...node.moved];
  expect(moved.length).toBeGreaterThan(0);
  expect(moved.length).toBeLessThan(5);
  let answer: ((result: MoveResult) => void) | undefined;
  node.answer = () => new Promise((resolve) => (answer = resolve));
  await node.clock.advance(1_000);
  expect(answer).toBeDefined();
  node.drain.uncordon();
  expect(node.drain.isMoving).toBe(false);
  answer?.('moved');
  await node.clock.advance(10 * MINUTE);
  expect(node.moved).toEqual(moved);
  expect(node.drain.state).toBe('SERVING');
});

test('when nobody has headroom the rest of the wave stays, and is asked for again a little later', async () => {
  node.begin({ reason: 'spot', deadlineAtMs: node.clock.nowMs() + 2 * MINUTE });
  let asked = 0;
  node.answer = () => {
    asked += 1;
    return asked === 2 ? 'refused' : 'moved';
  };
  await node.clock.advance(4_000);
  expect([asked, node.moved]).toEqual([2, ['a']]);
  await node.clock.advance(10_000);
  expect(node.moved.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a move that takes long is not begun twice, and counts once', async () => {
  node.peers.delete('s');
  node.peers.set('r', ['a']);
  node.begin({ reason: 'spot', deadlineAtMs: node.clock.nowMs() + 2 * MINUTE });
  let asked = 0;
  let answer: ((result: MoveResult) => void) | undefined;
  node.answer = () => {
    asked += 1;
    return new Promise((resolve) => (answer = resolve));
  };
  await node.clock.advance(20_000);
  expect(asked).toBe(1);
  answer?.('moved');
  await settle();
  await node.clock.advance(10_000);
  expect([asked, node.moved]).toEqual([1, ['a']]);
});

test('a move whose end is heard after the node was empty counts too', async () => {
  node.peers.delete('s');
  node.peers.set('r', ['a']);
  node.begin({ reason: 'spot', deadlineAtMs: node.clock.nowMs() + 2 * MINUTE });
  let answer: ((result: MoveResult) => void) | undefined;
  node.answer = () => new Promise((resolve) => (answer = resolve));
  await node.clock.advance(20_000);
  node.peers.clear();
  node.drain.report();
  node.drain.placementAnswered({ state: 'DRAINING', rooms: 0 }, 0);
  expect(node.drain.state).toBe('DRAINED');
  answer?.('moved');
  await settle();
  expect(node.drain.report()?.progress).toMatchObject({ moved: 1, peers: 0 });
});

test('a client that is away is not told, and closed with its lone broadcaster shortly before the deadline', async () => {
  node.away.add('a').add('b');
  node.broadcasters.set('r', ['camera']);
  node.begin({});
  await node.clock.advance(29 * MINUTE - 1);
  expect([node.moved.sort(), node.evicted]).toEqual([['c', 'd', 'e'], []]);
  await node.clock.advance(1);
  // Its room ended with the last peer, which is no reason to stop.
  expect(node.evicted).toEqual(['a', 'b', 'camera']);
  expect(node.peers.size).toBe(0);
});

test('a spot notice takes over from a drain that still waits', async () => {
  node.begin({});
  await node.clock.advance(MINUTE);
  const nowMs = node.clock.nowMs();
  node.begin({ commandId: 'spot', reason: 'spot', issuedAtMs: nowMs, deadlineAtMs: nowMs + 2 * MINUTE });
  await node.clock.advance(5_000);
  expect(node.moved).toHaveLength(5);
});
