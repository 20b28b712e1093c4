import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import type { Placement, PlacementPort } from '../../../core/placement/placement-port';
import { ReconnectMover } from '../../../node-app/drain/reconnect-mover';

const PEER = { roomId: 'r', peerId: 'p', role: { publishes: true, subscribes: true } };

const placed = (overrides: Partial<Placement> = {}): Placement => ({
  roomId: 'r',
  nodeId: 'other',
  linkAddress: 'other:1',
  nodes: ['own', 'other'],
  homeLinkAddress: 'own:1',
  epoch: 1,
  created: false,
  claim: { seq: 7, reserved: { egressBps: 1, packetsPerSecond: 1 }, expectedPeers: 2 },
  ...overrides,
});

/** What a mover did when placement answered so. */
async function move(
  place: () => Promise<Placement>,
  { isWanted = true, release }: { isWanted?: boolean; release?: Error } = {},
) {
  const done: unknown[] = [];
  const placement: Pick<PlacementPort, 'placePeer' | 'releaseClaim'> = {
    placePeer: place,
    releaseClaim: async (claim) => {
      if (release) throw release;
      done.push(claim);
    },
  };
  const mover = new ReconnectMover({
    nodeId: 'own',
    placement,
    onNoCapacity: () => done.push('no capacity'),
    closePeer: (roomId, peerId, { code, retryAfterMs }) => done.push([roomId, peerId, code, retryAfterMs]),
    logger: pino({ level: 'silent' }),
  });
  return { result: await mover.move(PEER, () => isWanted), done };
}

const released = (nodeId: string) => ({ nodeId, roomId: 'r', seq: 7 });

test('a peer that placement has a place for elsewhere is told to come again at once, its place is free again before', async () => {
  expect(await move(async () => placed())).toEqual({
    result: 'moved',
    done: [released('other'), ['r', 'p', 'FLEET_ERR_ROOM_MOVED', 1]],
  });
});

test('a peer stays when placement has no other node for it, does not know the room here, or can not say', async () => {
  expect(await move(async () => placed({ nodeId: 'own' }))).toEqual({
    result: 'refused',
    done: [released('own'), 'no capacity'],
  });
  expect(await move(async () => placed({ created: true }))).toEqual({
    result: 'refused',
    done: [released('other')],
  });
  const full = await move(() => Promise.reject(new FleetError('FLEET_ERR_NO_CAPACITY')));
  expect(full).toEqual({ result: 'refused', done: ['no capacity'] });
  const away = await move(() => Promise.reject(new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE')));
  expect(away).toEqual({ result: 'refused', done: [] });
  // Redis went in between: what was reserved ends by itself.
  const release = new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE');
  expect(await move(async () => placed(), { release })).toEqual({ result: 'refused', done: [] });
});

test('a peer stays when the drain was taken back while placement was asked', async () => {
  expect(await move(async () => placed(), { isWanted: false })).toEqual({
    result: 'gone',
    done: [released('other')],
  });
});
