import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import type { ProtooMessage } from '../../../core/protocol/protoo';
import type { SessionClose } from '../../../core/session/session-port';
import { Session } from '../../../node-app/session/session';
import { DEFAULT_SESSION_LIMITS } from '../../../node-app/session/session-limits';
import { ManualClock } from '../../helpers/manual-clock';

class Pipe {
  readonly delivered: { seq: number; message: ProtooMessage }[] = [];
  readonly closes: SessionClose[] = [];

  deliver(seq: number, message: ProtooMessage): void {
    this.delivered.push({ seq, message });
  }

  closed(close: SessionClose): void {
    this.closes.push(close);
  }
}

function openSession({ resumable = true } = {}) {
  const clock = new ManualClock();
  const pipe = new Pipe();
  const executed: string[] = [];
  const closedWith: (FleetError | undefined)[] = [];
  const session = new Session({
    id: 's',
    roomId: 'r',
    peerId: 'p',
    resumeToken: 't',
    resumable,
    migratable: resumable,
    arriving: false,
    grants: { canPublish: true, canSubscribe: true, canPublishData: true },
    role: { publishes: true, subscribes: true },
    downlink: pipe,
    limits: DEFAULT_SESSION_LIMITS,
    clock,
    logger: pino({ level: 'silent' }),
    onClosed: () => undefined,
  });
  session.setPeer({
    handleRequest: async (method) => {
      executed.push(method);
      if (method === 'fail') throw new FleetError('FLEET_ERR_NOT_FOUND');
      return { method };
    },
    handleNotification: () => undefined,
    close: (reason) => closedWith.push(reason),
  });
  return { clock, pipe, session, executed, closedWith };
}

const request = (id: number, method: string) => ({ request: true as const, id, method });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('session', () => {
  test('who takes over after its attempt to migrate had timed out has moved all the same', async () => {
    const { session, clock } = openSession();
    const attempt = session.migrate({ timeoutMs: 12_000 });
    await clock.advance(12_000);
    expect(await attempt).toBe('failed');
    const rest = session.restFromMigration(4_000);
    expect(() => session.describeMigration()).toThrow(/not asked to migrate/);
    // About the attempt that is over.
    session.migrationFailed();
    session.succeeded();
    expect(await rest).toBe('moved');
    expect(await session.restFromMigration(4_000)).toBe('moved');
    expect(clock.waiting).toBe(0);
  });

  test('an attempt to migrate ends as soon as the client has given up or left', async () => {
    const { session, clock } = openSession();
    const given = session.migrate({ timeoutMs: 12_000, toNodeId: 'b' });
    expect(session.describeMigration()).toMatchObject({ toNodeId: 'b' });
    session.migrationFailed();
    expect(await given).toBe('failed');
    const rest = session.restFromMigration(4_000);
    session.leave();
    expect(await rest).toBe('gone');
    expect(clock.waiting).toBe(0);
  });

  test('two who want the client to migrate ask it once, and both hear what became of it', async () => {
    const { session, pipe, clock } = openSession();
    const drain = session.migrate({ timeoutMs: 12_000 });
    await clock.advance(5_000);
    const operator = session.migrate({ timeoutMs: 12_000, toNodeId: 'b' });
    const asked = pipe.delivered.filter(({ message }) => 'method' in message);
    expect(asked.map(({ message }) => 'method' in message && message.method)).toEqual(['migrateSession']);
    await clock.advance(7_000);
    expect(await drain).toBe('failed');
    expect(session.describeMigration()).toMatchObject({ toNodeId: 'b' });
    const rest = session.restFromMigration(4_000);
    session.succeeded();
    session.leave();
    expect(await Promise.all([rest, operator, session.migrate({ timeoutMs: 12_000 })])).toEqual([
      'moved',
      'moved',
      'moved',
    ]);
    expect(clock.waiting).toBe(0);
  });

  test('a request that comes again after a resume is not executed again', async () => {
    const { session, pipe, executed } = openSession();
    session.receive(request(1, 'join'));
    await settled();
    session.detach();
    const next = new Pipe();
    session.attach(next, 0, { relinked: false });
    session.receive(request(1, 'join'));
    await settled();
    expect(executed).toEqual(['join']);
    expect(next.delivered).toEqual(pipe.delivered);
  });

  test('a request whose answer the client has is neither executed nor answered again', async () => {
    const { session, executed } = openSession();
    session.receive(request(1, 'join'));
    await settled();
    session.notify('later');
    const next = new Pipe();
    session.attach(next, 1, { relinked: false });
    session.receive(request(1, 'join'));
    await settled();
    expect(executed).toEqual(['join']);
    expect(next.delivered.map(({ seq }) => seq)).toEqual([2]);
  });

  test('a new link of the same gateway does not take from the client what only the gateway has', () => {
    const { session } = openSession();
    session.notify('one');
    session.attach(new Pipe(), 1, { relinked: true });
    const resumed = new Pipe();
    session.attach(resumed, 0, { relinked: false });
    expect(resumed.delivered.map(({ seq }) => seq)).toEqual([1]);
  });

  test('what the media side says while nobody is attached is delivered on resume', async () => {
    const { session, closedWith, clock } = openSession();
    session.detach();
    session.notify('one');
    await clock.advance(DEFAULT_SESSION_LIMITS.graceMs - 1);
    const next = new Pipe();
    session.attach(next, 0, { relinked: false });
    expect(next.delivered).toMatchObject([{ seq: 1, message: { method: 'one' } }]);
    await clock.advance(60_000);
    expect(closedWith).toEqual([]);
  });

  test('the peer is closed when nobody comes back in time', async () => {
    const { session, closedWith, clock } = openSession();
    session.detach();
    await clock.advance(DEFAULT_SESSION_LIMITS.graceMs);
    expect(closedWith[0]?.code).toBe('FLEET_ERR_SESSION_GONE');
    expect(() => session.attach(new Pipe(), 0, { relinked: false })).toThrow(/has ended/);
  });

  test('a client without resume is gone with its connection, but not with a link between nodes', async () => {
    const suspended = openSession({ resumable: false });
    suspended.session.suspend();
    expect(suspended.closedWith).toEqual([]);
    await suspended.clock.advance(DEFAULT_SESSION_LIMITS.graceMs);
    expect(suspended.closedWith).toHaveLength(1);

    const detached = openSession({ resumable: false });
    detached.session.detach();
    expect(detached.closedWith).toHaveLength(1);
  });

  test('a take-over ends the earlier pipe for good', () => {
    const { session, pipe } = openSession();
    session.attach(new Pipe(), 0, { relinked: false });
    expect(pipe.closes).toMatchObject([{ closeCode: 4000, error: { code: 'FLEET_ERR_PEER_REPLACED' } }]);
    session.notify('late');
    expect(pipe.delivered).toEqual([]);
  });

  test('a request to the client fails when it refuses, is silent, or the session ends', async () => {
    const { session, clock } = openSession();
    const refused = session.request('newConsumer');
    session.receive({ response: true, id: 1, ok: false, errorCode: 500, errorReason: 'no' });
    await expect(refused).rejects.toThrow(/refused newConsumer: no/);

    const unanswered = expect(session.request('newConsumer')).rejects.toThrow(/did not answer/);
    await clock.advance(DEFAULT_SESSION_LIMITS.serverRequestTimeoutMs);
    await unanswered;

    const ended = session.request('newConsumer');
    session.close(new FleetError('FLEET_ERR_ROOM_CLOSED'));
    await expect(ended).rejects.toMatchObject({ code: 'FLEET_ERR_ROOM_CLOSED' });
    await expect(session.request('newConsumer')).rejects.toMatchObject({ code: 'FLEET_ERR_ROOM_CLOSED' });
  });

  test('a client that is away has its time to answer when it is back', async () => {
    const { session, clock } = openSession();
    const asked = session.request('newConsumer');
    session.detach();
    await clock.advance(DEFAULT_SESSION_LIMITS.graceMs - 1);
    session.attach(new Pipe(), 0, { relinked: false });
    await clock.advance(DEFAULT_SESSION_LIMITS.serverRequestTimeoutMs - 1);
    session.receive({ response: true, id: 1, ok: true, data: {} });
    await expect(asked).resolves.toEqual({});
  });

  test('errors reach the client with their code, and never with their cause', async () => {
    const { session, pipe } = openSession();
    session.receive(request(1, 'fail'));
    await settled();
    expect(pipe.delivered[0]?.message).toEqual({
      response: true,
      id: 1,
      ok: false,
      errorCode: 404,
      errorReason: 'FLEET_ERR_NOT_FOUND: no such object',
    });
  });
});
