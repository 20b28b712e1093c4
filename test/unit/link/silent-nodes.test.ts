import { FleetError } from '../../../core/errors';
import type { NodeRecord, RoomRecord } from '../../../core/placement/placement-port';
import type { Link } from '../../../node-app/link/link';
import { NodeUnreachableError } from '../../../node-app/link/node-unreachable-error';
import { SilentNodes } from '../../../node-app/link/silent-nodes';
import { ManualClock } from '../../helpers/manual-clock';

function setUp(alive: Record<string, boolean>) {
  const clock = new ManualClock();
  let dials = 0;
  const world = {
    isAway: false,
    dial: (): Promise<Link> =>
      Promise.reject(new NodeUnreachableError({ nodeId: 'home', evidence: 'dead', message: '' })),
  };
  const answer = <T>(value: T): Promise<T> =>
    world.isAway ? Promise.reject(new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE')) : Promise.resolve(value);
  const nodes = new SilentNodes({
    nodeId: 'own',
    clock,
    placement: {
      findNode: (nodeId) =>
        answer(
          alive[nodeId] === undefined
            ? undefined
            : ({ nodeId, alive: alive[nodeId], linkAddress: 'a:1' } as NodeRecord),
        ),
      findRoom: (roomId) => answer({ roomId, nodes: ['home', 'edge'] } as RoomRecord),
    },
    hub: {
      connect: () => {
        dials += 1;
        return world.dial();
      },
    },
  });
  return { nodes, clock, world, alive, dials: () => dials };
}

test("a node is silent when its lease has lapsed, and this one's has not", async () => {
  const { nodes, alive, world } = setUp({ own: true, home: false, edge: true });
  expect(await nodes.isSilent('home')).toBe(true);
  expect(await nodes.isSilent('edge')).toBe(false);
  expect(await nodes.isSilent('unknown')).toBe(false);
  // Redis has stalled: everybody's has.
  alive.own = false;
  expect(await nodes.isSilent('home')).toBe(false);
  alive.own = true;
  world.isAway = true;
  expect(await nodes.isSilent('home')).toBe(false);
});

test('a node without a link is gone when it is silent and can not be reached either', async () => {
  const { nodes, world, alive } = setUp({ own: true, home: false });
  expect(await nodes.isGone('home', 'a:1')).toBe(true);
  // Only placement does not hear it: its sessions go on.
  world.dial = () => Promise.resolve({} as Link);
  expect(await nodes.isGone('home', 'a:1')).toBe(false);
  expect(await nodes.evidenceAgainstHome('r')).toBeUndefined();
  alive.home = true;
  expect(await nodes.isGone('home', 'a:1')).toBe(false);
});

test('a home that placement waits for is looked for, and what comes of it is evidence', async () => {
  const { nodes, clock, world, alive } = setUp({ own: true, home: false });
  expect(await nodes.evidenceAgainstHome('r')).toEqual({ nodeId: 'home', kind: 'dead' });
  world.dial = () => new Promise(() => undefined);
  const waiting = nodes.evidenceAgainstHome('r');
  await clock.advance(1_000);
  expect(await waiting).toEqual({ nodeId: 'home', kind: 'unreachable' });
  world.dial = () => Promise.resolve({} as Link);
  expect(await nodes.evidenceAgainstHome('r')).toBeUndefined();
  world.dial = () => Promise.reject(new Error('a fault of ours'));
  expect(await nodes.evidenceAgainstHome('r')).toBeUndefined();
  alive.home = true;
  expect(await nodes.evidenceAgainstHome('r')).toBeUndefined();
  expect(clock.waiting).toBe(0);
});

test('one that was found silent a moment ago is not dialed again', async () => {
  const { nodes, clock, dials } = setUp({ own: true, home: false });
  await nodes.isSilent('home');
  expect(await nodes.evidenceAgainstHome('r')).toEqual({ nodeId: 'home', kind: 'unreachable' });
  expect(dials()).toBe(0);
  await clock.advance(3_000);
  expect(await nodes.evidenceAgainstHome('r')).toEqual({ nodeId: 'home', kind: 'dead' });
  expect(dials()).toBe(1);
});
