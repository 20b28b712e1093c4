import { FleetClientError } from '../../../web/sdk/errors';
import { SessionKeeper, type SessionKeeperOptions } from '../../../web/sdk/reconnect/session-keeper';
import { connectUrl } from '../../../web/sdk/signalling/connect-url';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { FakeSocket } from './fake-socket';

/** A keeper whose sockets are in the test's hands, and whose join is one request. */
function setUp(overrides: Partial<SessionKeeperOptions> = {}) {
  const clock = new ManualClock();
  const sockets: FakeSocket[] = [];
  const log: string[] = [];
  const keeper: SessionKeeper = new SessionKeeper({
    clock,
    random: () => 0.5,
    createSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    requestTimeoutMs: 15_000,
    giveUpAfterMs: 60_000,
    joinAttempts: 3,
    freshToken: false,
    handlers: {
      url: async (resume) => connectUrl('ws://fleet', { roomId: 'r', peerId: 'p', ...resume }),
      handlersFor: () => ({
        onRequest: async () => ({}),
        onNotification: (method) => log.push(`notified ${method}`),
      }),
      join: async (session) => {
        await session.request('join');
        log.push('joined');
      },
      migrate: (session) => ({
        handlers: {
          onRequest: async () => ({}),
          onNotification: (method) => log.push(`notified ${method} on the new session`),
        },
        arrive: async () => {
          await session.request('join');
          log.push('arrived');
        },
        settle: () => log.push('settled'),
        stay: () => log.push('stayed'),
        earlierEnded: () => log.push('the earlier session ended'),
      }),
      migrated: () => log.push('migrated'),
      resumed: () => log.push('resumed'),
      connecting: () => undefined,
      reconnecting: ({ attempt, retryInMs, reason }) =>
        log.push(`retry ${attempt} in ${retryInMs}: ${reason.code}`),
      failed: (error) => log.push(`failed: ${error.code}`),
    },
    ...overrides,
  });
  const socket = () => {
    const last = sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  };
  const join = async (opened: Record<string, unknown> = {}) => {
    keeper.start();
    await settle();
    socket().openSession(opened);
    await settle();
    socket().answer('join', {}, 1);
    await settle();
    log.splice(0);
  };
  return { clock, sockets, socket, log, keeper, join };
}

describe('SessionKeeper', () => {
  it('joins over a new session', async () => {
    const { keeper, socket, log } = setUp();
    keeper.start();
    await settle();
    expect(socket().query).toEqual({ roomId: 'r', peerId: 'p' });
    socket().openSession();
    await settle();
    socket().answer('join', {});
    await settle();
    expect(log).toEqual(['joined']);
  });

  it('resumes a lost session with its token and the last seq', async () => {
    const { clock, socket, sockets, log, join } = setUp();
    await join();
    socket().notify('newPeer', {}, 2);
    socket().drop();
    await clock.advance(250);
    expect(sockets).toHaveLength(2);
    expect(socket().query).toMatchObject({ resumeToken: 'r1', lastSeq: '2' });
    socket().openSession({ resumed: true, gatewayNodeId: 'gateway-2' });
    await settle();
    expect(log).toEqual(['notified newPeer', 'retry 1 in 250: CONNECTION_LOST', 'resumed']);
  });

  it('tries at most three times quickly, then every 3 to 5 s, and joins anew once the grace is over', async () => {
    const { clock, socket, sockets, log, join } = setUp();
    await join();
    socket().drop();
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      await clock.advance(attempt === 1 ? 250 : attempt === 2 ? 750 : attempt === 3 ? 1_500 : 4_000);
      expect(sockets).toHaveLength(attempt + 1);
      expect('resumeToken' in socket().query).toBe(attempt < 7);
      socket().drop();
      await settle();
    }
    expect(log.map((line) => line.split(':')[0])).toEqual([
      'retry 1 in 250',
      'retry 2 in 750',
      'retry 3 in 1500',
      'retry 4 in 4000',
      'retry 5 in 4000',
      'retry 6 in 4000',
      'retry 7 in 4000',
      'retry 8 in 4000',
    ]);
  });

  describe('asked to migrate', () => {
    /** Joined, asked, and the new session opened. */
    async function asked() {
      const parts = setUp();
      await parts.join();
      const earlier = parts.socket();
      earlier.notify('migrateSession', { migrationId: 'm' }, 2);
      await settle();
      const later = parts.socket();
      expect(later).not.toBe(earlier);
      expect(later.query).toEqual({ roomId: 'r', peerId: 'p', migrateFrom: 'r1' });
      later.openSession({ sessionId: 's2', resumeToken: 'r2', mediaNodeId: 'media-2' });
      await settle();
      parts.log.splice(0);
      return { ...parts, earlier, later };
    }

    it('goes on by a second session, and lets go of the first a moment after', async () => {
      const { earlier, later, log, clock, keeper, socket } = await asked();
      earlier.notify('newPeer', {}, 3);
      later.answer('join', {}, 1);
      await settle();
      expect(log.splice(0)).toEqual(['notified newPeer', 'arrived']);
      later.answer('takeOver', {}, 2);
      await settle();
      expect(log.splice(0)).toEqual(['settled', 'migrated']);
      later.notify('newPeer', {}, 3);
      earlier.notify('newPeer', {}, 4);
      expect(log.splice(0)).toEqual(['notified newPeer on the new session']);
      earlier.drop(4000, 'FLEET_ERR_PEER_REPLACED');
      expect(log.splice(0)).toEqual(['the earlier session ended']);
      // What is lost from now on is the new one, and that is what is resumed.
      later.drop();
      await clock.advance(500);
      expect(socket().query).toMatchObject({ resumeToken: 'r2', lastSeq: '3' });
      keeper.close();
    });

    it('stays when the new session fails before it could take over, and says so', async () => {
      const { earlier, later, log, keeper } = await asked();
      later.drop();
      await settle();
      expect(log.splice(0)).toEqual(['stayed']);
      expect(earlier.requests).toContain('migrationFailed');
      earlier.notify('newPeer', {}, 3);
      expect(log).toEqual(['notified newPeer']);
      // Asked again it tries again.
      earlier.notify('migrateSession', { migrationId: 'n' }, 4);
      await settle();
      keeper.close();
    });

    it('stays when it takes too long', async () => {
      const { earlier, later, log, clock } = await asked();
      await clock.advance(10_000);
      expect(log).toEqual(['stayed']);
      expect(later.closedByClient).toBe(1000);
      expect(earlier.requests).toContain('migrationFailed');
    });

    it('resumes the new session when its connection breaks while it takes over', async () => {
      const { later, log, clock, socket } = await asked();
      later.answer('join', {}, 1);
      await settle();
      later.drop();
      await settle();
      // Nobody can say whether the server heard it: going back would be to a session that ends.
      expect(log.splice(0)).toEqual(['arrived', 'settled', 'migrated', 'retry 1 in 250: CONNECTION_LOST']);
      await clock.advance(250);
      expect(socket().query).toMatchObject({ resumeToken: 'r2' });
    });

    it('gives the migration up when the session before must be joined anew', async () => {
      const { earlier, later, log, clock, sockets } = await asked();
      earlier.notify('roomPlacementChanged', { reason: 'moved', retryAfterMs: 100 }, 3);
      await clock.advance(200);
      sockets.at(-1)?.openSession({ sessionId: 's3', resumeToken: 'r3' });
      await settle();
      expect(log).toContain('stayed');
      expect(later.closedByClient).toBe(1000);
    });

    it('closed in the middle it leaves both', async () => {
      const { earlier, later, keeper, log, clock } = await asked();
      keeper.close();
      await settle();
      expect(earlier.closedByClient).toBe(1000);
      expect(later.closedByClient).toBe(1000);
      expect(log).toEqual(['stayed']);
      expect(clock.waiting).toBe(0);
    });
  });

  it('gives up after the bound, with the reason', async () => {
    const { clock, socket, sockets, log, join } = setUp();
    await join();
    socket().drop();
    for (let step = 0; step < 200; step += 1) {
      await clock.advance(500);
      if (socket().readyState === 1) socket().drop();
    }
    expect(log.at(-1)).toBe('failed: CONNECTION_LOST');
    const opened = sockets.length;
    await clock.advance(60_000);
    expect(sockets).toHaveLength(opened);
    expect(clock.waiting).toBe(0);
  });

  it('joins anew when the session is gone', async () => {
    const { clock, socket, log, join } = setUp();
    await join();
    socket().drop();
    await clock.advance(250);
    socket().notify('connectionRefused', {
      code: 'FLEET_ERR_SESSION_GONE',
      message: 'late',
      retriable: false,
    });
    await clock.advance(750);
    expect(socket().query).toEqual({ roomId: 'r', peerId: 'p' });
    socket().openSession({ sessionId: 's2' });
    await settle();
    socket().answer('join', {});
    await settle();
    expect(log.at(-1)).toBe('joined');
  });

  it('says that the server failed when it lost a session that it still had to keep', async () => {
    const { clock, socket, log, join } = setUp();
    await join();
    const gone = { code: 'FLEET_ERR_SESSION_GONE', message: 'unknown', retriable: false };
    socket().drop();
    await clock.advance(250);
    socket().notify('connectionRefused', gone);
    await settle();
    expect(log.at(-1)).toBe('retry 2 in 750: FLEET_ERR_NODE_UNREACHABLE');
  });

  it('says that the session is gone once its time of grace is over', async () => {
    const { clock, keeper, socket, log } = setUp();
    keeper.start();
    await settle();
    socket().openSession({ graceMs: 300 });
    await settle();
    socket().answer('join', {}, 1);
    await settle();
    socket().drop();
    await clock.advance(250);
    expect(socket().query).toMatchObject({ resumeToken: 'r1' });
    await clock.advance(100);
    socket().notify('connectionRefused', {
      code: 'FLEET_ERR_SESSION_GONE',
      message: 'late',
      retriable: false,
    });
    await settle();
    expect(log.at(-1)).toBe('retry 2 in 750: FLEET_ERR_SESSION_GONE');
  });

  it.each([
    ['node-lost', 'FLEET_ERR_NODE_UNREACHABLE'],
    ['worker-died', 'FLEET_ERR_WORKER_DIED'],
    ['moved', 'FLEET_ERR_ROOM_MOVED'],
  ])('tells why the room goes elsewhere: %s', async (reason, code) => {
    const { socket, log, join } = setUp();
    await join();
    socket().notify('roomPlacementChanged', { reason, retryAfterMs: 1_000 });
    expect(log).toContain(`retry 1 in 1100: ${code}`);
  });

  it('names the address when nothing was ever reached there, and not after a loss', async () => {
    const reasons: string[] = [];
    const { clock, keeper, socket } = setUp({
      handlers: {
        ...setUpHandlers(),
        reconnecting: ({ reason }) => reasons.push(reason.message),
        failed: (error) => reasons.push(error.message),
      },
    });
    keeper.start();
    await settle();
    socket().drop();
    await clock.advance(250);
    socket().openSession();
    await settle();
    socket().drop();
    await clock.advance(250);
    socket().drop();
    await settle();
    expect(reasons[0]).toContain('ws://fleet: check the url');
    expect(reasons.slice(1).join()).not.toContain('check the url');
  });

  it('ends for good when the server removes the peer', async () => {
    const { clock, socket, log, join } = setUp();
    await join();
    socket().notify('connectionRefused', {
      code: 'FLEET_ERR_PEER_REMOVED',
      message: 'out',
      retriable: false,
    });
    socket().drop(4000);
    await clock.advance(60_000);
    expect(log).toEqual(['failed: FLEET_ERR_PEER_REMOVED']);
  });

  it('keeps to a closing gateway until its time comes, and is not hurried by the end of the socket', async () => {
    const { clock, socket, sockets, log, join } = setUp();
    await join();
    const first = socket();
    first.notify('gatewayClosing', { retryAfterMs: 2_000 });
    first.notify('newPeer', {}, 2);
    first.drop(1012);
    await clock.advance(2_199);
    expect(sockets).toHaveLength(1);
    await clock.advance(1);
    expect(socket().query).toMatchObject({ resumeToken: 'r1', lastSeq: '2' });
    expect(log).toContain('retry 1 in 2200: FLEET_ERR_SHUTTING_DOWN');
  });

  it('resumes through another gateway when the one that it has falls silent', async () => {
    const { clock, keeper, socket, sockets, log } = setUp();
    keeper.start();
    await settle();
    socket().openSession({ answersPings: true });
    await settle();
    socket().answer('join', {}, 1);
    await settle();
    const first = socket();
    const pings = () =>
      first.sent.filter((message) => 'notification' in message && message.method === 'ping').length;
    await clock.advance(3_000);
    first.notify('newPeer', {}, 2);
    await clock.advance(4_999);
    expect(pings()).toBe(0);
    await clock.advance(1);
    expect(pings()).toBe(1);
    await clock.advance(2_000);
    first.notify('pong', {});
    await clock.advance(4_999);
    expect([pings(), sockets.length]).toEqual([1, 1]);
    await clock.advance(1);
    expect(pings()).toBe(2);
    await clock.advance(4_000);
    expect(log).toContain('retry 1 in 250: CONNECTION_LOST');
    await clock.advance(250);
    expect(sockets).toHaveLength(2);
    // It says no more on a connection that it has given up.
    await clock.advance(20_000);
    expect(pings()).toBe(2);
  });

  it('gives a session up whose room moves, after the time that the server named', async () => {
    const { clock, socket, sockets, join } = setUp();
    await join();
    socket().notify('roomPlacementChanged', { reason: 'node-lost', retryAfterMs: 1_000 });
    socket().drop(1012);
    await clock.advance(1_100);
    expect(socket().query).toEqual({ roomId: 'r', peerId: 'p' });
    // Nor is it tried to be resumed when it has no new place yet.
    socket().notify('connectionRefused', {
      code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE',
      message: 'later',
      retriable: true,
      retryAfterMs: 1_000,
    });
    socket().drop(1013);
    await clock.advance(1_100);
    expect(sockets).toHaveLength(3);
    expect(socket().query).toEqual({ roomId: 'r', peerId: 'p' });
  });

  describe('whose session is gone, and whose connection stays', () => {
    const LOST = { reason: 'worker-died', retryAfterMs: 1_000, reopen: true };

    it('joins by another session over it, after the time that the server named', async () => {
      const { clock, socket, sockets, log, keeper, join } = setUp();
      await join();
      socket().notify('newPeer', {}, 7);
      const waiting = keeper.signalling?.request('produce');
      socket().notify('roomPlacementChanged', LOST);
      // It asked the session that is gone.
      const refused = expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST', retriable: true });
      await clock.advance(1_099);
      expect(socket().sent.at(-1)).not.toMatchObject({ method: 'reopenSession' });
      await clock.advance(1);
      expect(socket().sent.at(-1)).toMatchObject({ notification: true, method: 'reopenSession' });
      socket().openSession({ sessionId: 's2', resumeToken: 'r2' });
      await settle();
      await refused;
      socket().answer('join', {}, 1);
      await settle();
      socket().notify('newPeer', {}, 2);
      expect(log.filter((line) => !line.includes('roomPlacementChanged'))).toEqual([
        'notified newPeer',
        'retry 1 in 1100: FLEET_ERR_WORKER_DIED',
        'joined',
        'notified newPeer',
      ]);
      expect(sockets).toHaveLength(1);
      // What is lost next is the new one.
      socket().drop();
      await clock.advance(250);
      expect(socket().query).toMatchObject({ resumeToken: 'r2', lastSeq: '2' });
    });

    it('takes what comes with the new session to be of it', async () => {
      const { clock, socket, log, join } = setUp();
      await join();
      socket().notify('roomPlacementChanged', LOST);
      await clock.advance(1_100);
      socket().openSession({ sessionId: 's2', resumeToken: 'r2' });
      socket().notify('newPeer', {}, 1);
      await settle();
      expect(log.at(-1)).toBe('notified newPeer');
    });

    it('connects again when the connection goes before', async () => {
      const { clock, socket, sockets, join } = setUp();
      await join();
      socket().notify('roomPlacementChanged', LOST);
      await clock.advance(500);
      socket().drop();
      await clock.advance(600);
      expect(sockets).toHaveLength(2);
      expect(socket().query).toEqual({ roomId: 'r', peerId: 'p' });
    });

    it.each([
      ['is lost', (socket: FakeSocket) => socket.drop(), 750],
      [
        'is refused a session',
        (socket: FakeSocket) =>
          socket.notify('connectionRefused', {
            code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE',
            message: 'later',
            retriable: true,
            retryAfterMs: 500,
          }),
        550,
      ],
      ['gets no answer', () => undefined, 10_750],
    ])('connects again when it %s', async (_, happens, afterMs) => {
      const { clock, socket, sockets, join } = setUp();
      await join();
      socket().notify('roomPlacementChanged', LOST);
      await clock.advance(1_100);
      happens(socket());
      await clock.advance(afterMs);
      expect(sockets).toHaveLength(2);
      expect(sockets[0]?.readyState).toBe(3);
      expect(socket().query).toEqual({ roomId: 'r', peerId: 'p' });
    });

    it('connects anew at once when the server is silent, and waits for one that lives', async () => {
      const silent = setUp();
      await silent.join({ answersPings: true });
      silent.socket().notify('roomPlacementChanged', LOST);
      await silent.clock.advance(1_100);
      expect(silent.socket().sent.slice(-2)).toMatchObject([{ method: 'reopenSession' }, { method: 'ping' }]);
      await silent.clock.advance(999);
      expect(silent.sockets).toHaveLength(1);
      await silent.clock.advance(1);
      expect(silent.sockets).toHaveLength(2);
      expect(silent.sockets[0]?.closedByClient).toBe(4001);
      expect(silent.socket().query).toEqual({ roomId: 'r', peerId: 'p' });

      const alive = setUp();
      await alive.join({ answersPings: true });
      alive.socket().notify('roomPlacementChanged', LOST);
      await alive.clock.advance(1_500);
      alive.socket().notify('pong', {});
      await alive.clock.advance(3_000);
      alive.socket().openSession({ sessionId: 's2', resumeToken: 'r2' });
      await settle();
      expect(alive.sockets).toHaveLength(1);
      expect(alive.socket().requests).toContain('join');
    });

    it('leaves nothing behind when it is closed meanwhile', async () => {
      const { clock, socket, keeper, log, join } = setUp();
      await join();
      socket().notify('roomPlacementChanged', LOST);
      await clock.advance(1_100);
      keeper.close();
      await settle();
      expect(socket().readyState).toBe(3);
      expect(log.filter((line) => !line.includes('roomPlacementChanged'))).toHaveLength(1);
      expect(clock.waiting).toBe(0);
    });
  });

  it('hurries a lost connection when the network is back, but never a time that the server named', async () => {
    const lost = setUp();
    await lost.join();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      lost.socket().drop();
      await lost.clock.advance(attempt === 3 ? 0 : 2_000);
    }
    const before = lost.sockets.length;
    lost.keeper.retryNow();
    await settle();
    expect(lost.sockets).toHaveLength(before + 1);

    const moved = setUp();
    await moved.join();
    moved.socket().notify('roomPlacementChanged', { reason: 'node-lost', retryAfterMs: 5_000 });
    moved.keeper.retryNow();
    await settle();
    expect(moved.sockets).toHaveLength(1);
  });

  it('throws a join out after three refusals for now, with the last reason', async () => {
    const { clock, keeper, socket, sockets, log } = setUp();
    keeper.start();
    await settle();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      socket().notify('connectionRefused', {
        code: 'FLEET_ERR_NO_CAPACITY',
        message: 'full',
        retriable: true,
        retryAfterMs: 1_000,
      });
      await clock.advance(1_100);
    }
    expect(sockets).toHaveLength(3);
    expect(log).toEqual([
      'retry 1 in 1100: FLEET_ERR_NO_CAPACITY',
      'retry 2 in 1100: FLEET_ERR_NO_CAPACITY',
      'failed: FLEET_ERR_NO_CAPACITY',
    ]);
  });

  it('carries a join on over a connection that was lost in its midst', async () => {
    const { clock, keeper, socket, log } = setUp();
    keeper.start();
    await settle();
    socket().openSession();
    await settle();
    expect(socket().requests).toEqual(['join']);
    socket().drop();
    await clock.advance(250);
    socket().openSession({ resumed: true });
    await settle();
    expect(socket().requests).toEqual(['join']);
    socket().answer('join', {});
    await settle();
    expect(log.at(-1)).toBe('joined');
    expect(log.filter((line) => line === 'resumed')).toEqual([]);
  });

  it('takes a connection for lost that gives no sign of life, and lets its session go on', async () => {
    const { clock, keeper, socket, sockets, join } = setUp();
    await join();
    const first = socket();
    void keeper.probe();
    await clock.advance(5_000);
    expect(first.closedByClient).toBe(4001);
    await clock.advance(250);
    expect(sockets).toHaveLength(2);
    expect(socket().query).toMatchObject({ resumeToken: 'r1' });
  });

  it('gives up on a server that never opens a session', async () => {
    const { clock, keeper, sockets } = setUp();
    keeper.start();
    await clock.advance(10_000);
    expect(sockets[0]?.closedByClient).toBe(4001);
    await clock.advance(250);
    expect(sockets).toHaveLength(2);
  });

  it('leaves with the code for leaving, and leaves nothing behind', async () => {
    const { clock, keeper, socket, log, join } = setUp();
    await join();
    const waiting = keeper.signalling?.request('produce');
    keeper.close();
    keeper.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    expect(socket().closedByClient).toBe(1000);
    expect(clock.waiting).toBe(0);
    expect(log).toEqual([]);
  });

  it('leaves a session that opens only after the client was closed', async () => {
    const { clock, keeper, socket, log } = setUp();
    keeper.start();
    await settle();
    keeper.close();
    socket().openSession();
    await clock.advance(20_000);
    expect(socket().readyState).toBe(3);
    expect(log).toEqual([]);
  });

  it('fails when the token can not be had', async () => {
    const { keeper, log } = setUp({
      handlers: {
        ...setUpHandlers(),
        url: () => Promise.reject(new FleetClientError('INVALID_ARGUMENT', 'no token')),
        failed: (error) => failures.push(error.code),
      },
    });
    const failures: string[] = [];
    keeper.start();
    await settle();
    expect(failures).toEqual(['INVALID_ARGUMENT']);
    expect(log).toEqual([]);
  });
});

function setUpHandlers(): SessionKeeperOptions['handlers'] {
  return {
    url: async () => 'ws://fleet',
    handlersFor: () => ({ onRequest: async () => ({}), onNotification: () => undefined }),
    join: async () => undefined,
    migrate: () => {
      throw new Error('nobody migrates here');
    },
    migrated: () => undefined,
    resumed: () => undefined,
    connecting: () => undefined,
    reconnecting: () => undefined,
    failed: () => undefined,
  };
}
