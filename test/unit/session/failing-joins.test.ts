import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import type { SessionOpenRequest } from '../../../core/session/session-port';
import { LocalSessionHost } from '../../../node-app/session/local-session-host';
import { DEFAULT_SESSION_LIMITS } from '../../../node-app/session/session-limits';
import { ManualClock } from '../../helpers/manual-clock';

function setUp() {
  const clock = new ManualClock();
  const world: { fault: Error | undefined } = { fault: undefined };
  const host = new LocalSessionHost({
    nodeId: 'a',
    media: {
      openPeer: async () => {
        if (world.fault) throw world.fault;
        return {
          handleRequest: async () => ({}),
          handleNotification: () => undefined,
          close: () => undefined,
        };
      },
    },
    limits: DEFAULT_SESSION_LIMITS,
    clock,
    logger: pino({ level: 'silent' }),
  });
  let peers = 0;
  const join = () =>
    host
      .open(
        {
          roomId: 'r',
          peerId: `p${(peers += 1)}`,
          grants: {},
          role: {},
          resumable: false,
        } as unknown as SessionOpenRequest,
        { deliver: () => undefined, closed: () => undefined },
      )
      .catch(() => undefined);
  return { clock, world, host, join };
}

test('a node that fails every join takes no new rooms after the third, and is tried again later', async () => {
  const { clock, world, host, join } = setUp();
  world.fault = new Error('the worker does not answer');
  await join();
  await join();
  expect(host.canOpen).toBe(true);
  await join();
  expect(host.canOpen).toBe(false);
  await clock.advance(30_000);
  expect(host.canOpen).toBe(true);
  // One more is enough to know.
  await join();
  expect(host.canOpen).toBe(false);
  world.fault = undefined;
  await join();
  expect(host.canOpen).toBe(true);
});

test('a join that fails for what was asked says nothing about the node, nor does one among others that work', async () => {
  const { world, host, join } = setUp();
  for (let round = 0; round < 4; round += 1) {
    world.fault = new FleetError('FLEET_ERR_ROOM_MOVED');
    await join();
    world.fault = new Error('once');
    await join();
    await join();
    world.fault = undefined;
    await join();
  }
  expect(host.canOpen).toBe(true);
});
