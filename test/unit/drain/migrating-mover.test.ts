import { pino } from 'pino';
import { MigratingMover } from '../../../node-app/drain/migrating-mover';
import type { MoveResult } from '../../../node-app/drain/peer-mover';
import type { MigrationOutcome } from '../../../node-app/session/session-migration';
import type { Placement } from '../../../core/placement/placement-port';

const PEER = { roomId: 'r', peerId: 'p', role: { publishes: true, subscribes: true } };

/** A session whose client never comes in time. */
class SlowSession {
  readonly canMigrate = true;
  hasMigrated = false;
  attempts = 0;

  async migrate(): Promise<MigrationOutcome> {
    this.attempts += 1;
    return 'failed';
  }

  async restFromMigration(): Promise<MigrationOutcome> {
    return 'failed';
  }
}

function moverOf(session: SlowSession | undefined, onAsked: (times: number) => void = () => undefined) {
  let times = 0;
  const fallbacks: string[] = [];
  const mover = new MigratingMover({
    nodeId: 'a',
    placement: {
      placePeer: async () => {
        onAsked((times += 1));
        return { nodeId: 'b', created: false, claim: { seq: times } } as Placement;
      },
      releaseClaim: async () => undefined,
    },
    sessions: { movableSession: () => session },
    fallback: {
      move: async ({ peerId }): Promise<MoveResult> => {
        fallbacks.push(peerId);
        return 'moved';
      },
    },
    onNoCapacity: () => undefined,
    random: () => 0,
    logger: pino({ level: 'silent' }),
  });
  return { mover, fallbacks };
}

test('a client that did not migrate three times joins anew', async () => {
  const session = new SlowSession();
  const { mover, fallbacks } = moverOf(session);
  expect(await mover.move(PEER, () => true)).toBe('moved');
  expect([session.attempts, fallbacks]).toEqual([3, ['p']]);
});

test('who took over while a place was sought again has moved, though the node is empty and nothing is wanted any more', async () => {
  const session = new SlowSession();
  const { mover, fallbacks } = moverOf(session, (times) => {
    if (times === 2) session.hasMigrated = true;
  });
  expect(await mover.move(PEER, () => !session.hasMigrated)).toBe('moved');
  expect([session.attempts, fallbacks]).toEqual([1, []]);
});

test('nobody is moved for one who has left', async () => {
  const { mover, fallbacks } = moverOf(undefined);
  expect(await mover.migrate(PEER, () => true)).toBe('gone');
  expect(fallbacks).toEqual([]);
});
