import { FleetClientError } from '../../../web/sdk/errors';
import { SignallingSession } from '../../../web/sdk/signalling/signalling-session';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { FakeSocket } from './fake-socket';

function setUp(onRequest: (method: string, data: unknown) => Promise<unknown> = async () => ({})) {
  const clock = new ManualClock();
  const notifications: string[] = [];
  const session = new SignallingSession({
    clock,
    requestTimeoutMs: 1_000,
    onRequest,
    onNotification: (method) => notifications.push(method),
  });
  const connect = () => {
    const socket = new FakeSocket();
    session.attach(socket);
    return socket;
  };
  return { clock, session, notifications, connect };
}

describe('SignallingSession', () => {
  it('gives a request the data of its answer', async () => {
    const { session, connect } = setUp();
    const socket = connect();
    const answer = session.request('join', { displayName: 'a' });
    expect(socket.sent).toEqual([{ request: true, id: 1, method: 'join', data: { displayName: 'a' } }]);
    session.receive({ response: true, id: 1, ok: true, data: { peers: [] } });
    await expect(answer).resolves.toEqual({ peers: [] });
  });

  it("rejects a request with the server's code", async () => {
    const { session, connect } = setUp();
    connect();
    const answer = session.request('produce');
    session.receive({
      response: true,
      id: 1,
      ok: false,
      errorCode: 403,
      errorReason: 'FLEET_ERR_FORBIDDEN: the token does not grant it',
    });
    await expect(answer).rejects.toMatchObject({ code: 'FLEET_ERR_FORBIDDEN' });
  });

  it('gives up on a request that is not answered in time', async () => {
    const { clock, session, connect } = setUp();
    connect();
    const answer = session.request('join');
    const failed = expect(answer).rejects.toMatchObject({ code: 'TIMEOUT', retriable: true });
    await clock.advance(1_000);
    await failed;
    expect(clock.waiting).toBe(0);
  });

  it('sends unanswered requests again on the next socket, with the same ids and in order', async () => {
    const { clock, session, connect } = setUp();
    const first = connect();
    const join = session.request('join');
    const produce = session.request('produce');
    session.receive({ response: true, id: 1, ok: true, data: 'joined', seq: 1 });
    await expect(join).resolves.toBe('joined');
    session.detach();
    const pause = session.request('pauseProducer');
    // While there is no socket, no request runs out of time.
    await clock.advance(60_000);
    expect(first.sent).toHaveLength(2);
    const second = connect();
    expect(second.sent).toMatchObject([
      { id: 2, method: 'produce' },
      { id: 3, method: 'pauseProducer' },
    ]);
    session.receive({ response: true, id: 3, ok: true, data: 3, seq: 2 });
    session.receive({ response: true, id: 2, ok: true, data: 2, seq: 3 });
    await expect(Promise.all([produce, pause])).resolves.toEqual([2, 3]);
  });

  it('drops a message of the server that came before, by its seq', async () => {
    const { session, notifications, connect } = setUp();
    connect();
    session.receive({ notification: true, method: 'one', seq: 1 });
    session.receive({ notification: true, method: 'two', seq: 2 });
    session.detach();
    connect();
    session.receive({ notification: true, method: 'one', seq: 1 });
    session.receive({ notification: true, method: 'two', seq: 2 });
    session.receive({ notification: true, method: 'three', seq: 3 });
    expect(notifications).toEqual(['one', 'two', 'three']);
    expect(session.lastSeq).toBe(3);
  });

  it('answers a request of the server once, and again on the next socket in case it was lost', async () => {
    const handled: string[] = [];
    const { session, connect } = setUp(async (method) => {
      handled.push(method);
      return { done: true };
    });
    const first = connect();
    session.receive({ request: true, id: 41, method: 'newConsumer', seq: 1 });
    await settle();
    const answer = { response: true, id: 41, ok: true, data: { done: true } };
    expect(first.sent).toEqual([answer]);
    session.detach();
    const second = connect();
    session.receive({ request: true, id: 41, method: 'newConsumer', seq: 1 });
    await settle();
    expect(handled).toEqual(['newConsumer']);
    expect(second.sent).toEqual([answer]);
  });

  it('forgets an answer once a later request shows that it arrived', async () => {
    const { session, connect } = setUp();
    connect();
    session.receive({ request: true, id: 41, method: 'newConsumer', seq: 1 });
    await settle();
    const later = session.request('join');
    session.receive({ response: true, id: 1, ok: true, seq: 2 });
    await later;
    session.detach();
    expect(connect().sent).toEqual([]);
  });

  it('keeps a bounded number of answers', async () => {
    const { session, connect } = setUp();
    connect();
    for (let id = 0; id < 500; id += 1) session.receive({ request: true, id, method: 'newConsumer' });
    await settle();
    session.detach();
    const { sent } = connect();
    expect(sent).toHaveLength(200);
    expect(sent.at(-1)).toMatchObject({ id: 499 });
  });

  it('tells the server why a request of its was refused', async () => {
    const { session, connect } = setUp(() =>
      Promise.reject(new FleetClientError('NOT_CONNECTED', 'no receiving transport')),
    );
    const socket = connect();
    session.receive({ request: true, id: 1, method: 'newConsumer' });
    await settle();
    expect(socket.sent).toMatchObject([
      { ok: false, errorCode: 500, errorReason: 'NOT_CONNECTED: no receiving transport' },
    ]);
  });

  it('acknowledges many messages with one message, at the latest after 500 ms', async () => {
    const { clock, session, connect } = setUp();
    const socket = connect();
    for (let seq = 1; seq <= 50; seq += 1) session.receive({ notification: true, method: 'x', seq });
    await clock.advance(499);
    expect(socket.sent).toEqual([]);
    await clock.advance(1);
    const acknowledged = { notification: true, method: 'acknowledge', data: { seq: 50 } };
    expect(socket.sent).toEqual([acknowledged]);
    await clock.advance(10_000);
    expect(socket.sent).toEqual([acknowledged]);
  });

  it('acknowledges after a resume what it could not before', async () => {
    const { clock, session, connect } = setUp();
    connect();
    session.receive({ notification: true, method: 'x', seq: 1 });
    session.detach();
    await clock.advance(1_000);
    const second = connect();
    await clock.advance(500);
    expect(second.sent).toMatchObject([{ method: 'acknowledge', data: { seq: 1 } }]);
  });

  it('rejects everything that waits when it is closed, and everything after', async () => {
    const { clock, session, connect } = setUp();
    connect();
    const waiting = session.request('join');
    const reason = new FleetClientError('CLOSED', 'left');
    session.close(reason);
    session.close(new FleetClientError('TIMEOUT', 'later'));
    await expect(waiting).rejects.toBe(reason);
    await expect(session.request('produce')).rejects.toBe(reason);
    expect(clock.waiting).toBe(0);
  });

  it('ignores answers to requests it does not wait for', () => {
    const { session, connect } = setUp();
    connect();
    expect(() => session.receive({ response: true, id: 99, ok: true })).not.toThrow();
  });
});
