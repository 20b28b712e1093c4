import { NO_PEERS, pipeDemand, roomDemand, withPeer } from '../../core/capacity/egress-model';
import type { EndedRoom, Placement, RoomReport } from '../../core/placement/placement-port';
import { AUDIENCE, type TestFleet } from './test-fleet';

export const SENDER = { publishes: true, subscribes: false };

/** What so many viewers of one sender make their node send. */
export const viewers = (count: number) => roomDemand(withPeer(withPeer(NO_PEERS, SENDER), AUDIENCE, count));
/** What the sender's node sends to so many others. */
export const pipes = (otherNodes: number) => pipeDemand(1, { remotePublishers: 0, otherNodes });

/** A node's part of a room, as it would report it. */
export function part(of: Placement, overrides: Partial<RoomReport> = {}): RoomReport {
  const { roomId, epoch, nodes } = of;
  const peers = { peers: 1, publishers: 0, subscribers: 1, expectedPeers: 1, reserved: viewers(1) };
  return { roomId, epoch, homeNodeId: nodes[0] ?? '', ...peers, ...overrides };
}

export const ended = ({ roomId, epoch }: Placement): EndedRoom => ({ roomId, epoch, peakPeers: 1 });

/** A sender on the home `a`, then viewers, so that each of the nodes is full but the last. */
export async function broadcast(fleet: TestFleet, nodeIds: string[], perNode: number): Promise<Placement[]> {
  for (const nodeId of nodeIds) await fleet.serve([nodeId], { capacity: viewers(perNode) });
  const placed = [await fleet.place('r', { role: SENDER, expectedPeers: 1 })];
  while (new Set(placed.map(({ nodeId }) => nodeId)).size < nodeIds.length) {
    placed.push(await fleet.place('r', { role: AUDIENCE }));
  }
  return placed;
}

/** Every node has seen its peers and reports them. Answers the placements, the home's first, one per node. */
export async function liveBroadcast(fleet: TestFleet, nodeIds: string[], perNode = 2): Promise<Placement[]> {
  const placed = await broadcast(fleet, nodeIds, perNode);
  const firsts: Placement[] = [];
  for (const nodeId of placed.at(-1)?.nodes ?? []) {
    const mine = placed.filter((placement) => placement.nodeId === nodeId);
    const [first] = mine;
    if (!first) throw new Error(`nobody on ${nodeId}`);
    firsts.push(first);
    const isHome = firsts.length === 1;
    const subscribers = isHome ? mine.length - 1 : mine.length;
    await fleet.beat(nodeId, {
      capacity: viewers(perNode),
      seenClaims: mine.map(({ claim }) => claim.seq),
      rooms: [
        part(first, {
          peers: mine.length,
          publishers: isHome ? 1 : 0,
          subscribers,
          reserved: viewers(subscribers),
        }),
      ],
      committed: viewers(subscribers),
    });
  }
  return firsts;
}

export async function expectNothingLeft(fleet: TestFleet): Promise<void> {
  const left = (await fleet.keys()).map((key) => key.split('}:')[1]);
  for (const key of ['rooms', 'room-parts', 'room-index', 'claims']) expect(left).not.toContain(key);
}
