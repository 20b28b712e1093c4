import { FleetError } from '../../../core/errors';
import {
  type RunningNode,
  TOKEN_ACCESS,
  callAsOperator,
  nodeRecord,
  roomRecord,
  startNode,
} from './operator-fixture';

let node: RunningNode;
beforeEach(async () => {
  node = await startNode(TOKEN_ACCESS);
  node.fleet.nodes.set('node-a', nodeRecord('node-a'));
  node.fleet.nodes.set('node-b', nodeRecord('node-b'));
});
afterEach(() => node.close());

const call = (path: string, init?: RequestInit) => callAsOperator(node.url + path, init);
const postJson = (body: string): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json' },
});

describe('nodes', () => {
  it('are listed with the headroom that placement would count with', async () => {
    node.fleet.nodes.set(
      'node-b',
      nodeRecord('node-b', {
        capacity: { egressBps: 1_000, packetsPerSecond: 100 },
        committed: { egressBps: 700, packetsPerSecond: 10 },
        measured: { egressBps: 300, packetsPerSecond: 40 },
      }),
    );

    const { status, body } = await call('/v1/nodes');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      nodes: [
        { nodeId: 'node-a', utilization: 0 },
        {
          nodeId: 'node-b',
          headroom: { egressBps: 300, packetsPerSecond: 60 },
          binding: 'egressBps',
          utilization: 0.7,
        },
      ],
    });
  });

  it('without any capacity have no utilization', async () => {
    const capacity = { egressBps: 0, packetsPerSecond: 0 };
    node.fleet.nodes.set(
      'node-b',
      nodeRecord('node-b', { capacity, measured: { ...capacity, egressBps: 1 } }),
    );
    expect(await call('/v1/nodes/node-b')).toMatchObject({ status: 200, body: { utilization: null } });
  });

  it('do not show how nodes reach each other', async () => {
    expect(JSON.stringify((await call('/v1/nodes/node-a')).body)).not.toContain('10.0.1.7');
  });

  it('that do not exist are not found', async () => {
    expect(await call('/v1/nodes/node-z')).toMatchObject({
      status: 404,
      body: { code: 'FLEET_ERR_NOT_FOUND' },
    });
  });

  it('are cordoned with a reason and uncordoned by themselves', async () => {
    expect((await call('/v1/nodes/node-b/cordon', postJson('{"reason":"kernel update"}'))).body).toEqual({
      nodeId: 'node-b',
      state: 'CORDONED',
    });
    expect((await call('/v1/nodes/node-b/uncordon', { method: 'POST' })).body).toEqual({
      nodeId: 'node-b',
      state: 'SERVING',
    });
    expect(node.fleet.commands).toEqual([
      { nodeId: 'node-b', name: 'cordon', params: { reason: 'kernel update' } },
      { nodeId: 'node-b', name: 'uncordon', params: {} },
    ]);
  });

  it('are drained within half an hour unless another time is given, and never beyond two days', async () => {
    const drain = (body: string) => call('/v1/nodes/node-b/drain', postJson(body));

    expect((await drain('{}')).body).toEqual({ nodeId: 'node-b', state: 'CORDONED' });
    await drain('{"deadlineMinutes":120,"reason":"kernel update"}');
    expect((await drain('{"deadlineMinutes":2881}')).status).toBe(400);

    expect(node.fleet.commands).toEqual([
      { nodeId: 'node-b', name: 'drain', params: { minutes: 30 } },
      { nodeId: 'node-b', name: 'drain', params: { minutes: 120, reason: 'kernel update' } },
    ]);
  });

  it('that can not be reached are reported as that, with when to try again', async () => {
    node.fleet.commandFailures.set(
      'node-b',
      new FleetError('FLEET_ERR_NODE_UNREACHABLE', { retryAfterMs: 1_200 }),
    );

    const { status, headers, body } = await call('/v1/nodes/node-b/cordon', { method: 'POST' });

    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('2');
    expect(body).toMatchObject({ code: 'FLEET_ERR_NODE_UNREACHABLE', retryAfterMs: 1_200 });
  });
});

describe('rooms', () => {
  it('are listed in pages up to the end', async () => {
    for (let index = 0; index < 5; index += 1) {
      node.fleet.rooms.set(`room-${index}`, roomRecord(`room-${index}`, ['node-a']));
    }

    const seen: string[] = [];
    let query = '?limit=2';
    for (let page = 0; page < 3; page += 1) {
      const body = (await call(`/v1/rooms${query}`)).body as { rooms: { roomId: string }[]; cursor?: string };
      seen.push(...body.rooms.map(({ roomId }) => roomId));
      query = `?limit=2&cursor=${body.cursor ?? ''}`;
      expect(body.cursor === undefined).toBe(page === 2);
    }

    expect(seen).toEqual(['room-0', 'room-1', 'room-2', 'room-3', 'room-4']);
  });

  it('show what each of their nodes says, and why one does not', async () => {
    node.fleet.rooms.set('all-hands', roomRecord('all-hands', ['node-a', 'node-b']));
    node.fleet.commandFailures.set('node-b', new FleetError('FLEET_ERR_NODE_UNREACHABLE'));

    const { status, body } = await call('/v1/rooms/all-hands');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      roomId: 'all-hands',
      epoch: 7,
      live: [
        { nodeId: 'node-a', room: { egressBps: 2_500_000 } },
        { nodeId: 'node-b', error: { code: 'FLEET_ERR_NODE_UNREACHABLE' } },
      ],
    });
  });

  it('answer with no field that their schema does not name', async () => {
    node.fleet.rooms.set('r', roomRecord('r', ['node-a']));
    expect(JSON.stringify((await call('/v1/rooms/r')).body)).not.toContain('internal');
  });

  it('with slashes, spaces, emoji and 256 characters in their ids are found by their encoded ids', async () => {
    for (const roomId of ['team/standup?x=1', 'überraschung 🎉', '漢'.repeat(256)]) {
      node.fleet.rooms.set(roomId, roomRecord(roomId, ['node-a']));
      expect(await call(`/v1/rooms/${encodeURIComponent(roomId)}`)).toMatchObject({
        status: 200,
        body: { roomId },
      });
    }
  });

  it('are closed on all of their nodes', async () => {
    node.fleet.rooms.set('r', roomRecord('r', ['node-a', 'node-b']));

    expect(await call('/v1/rooms/r?reason=abuse', { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { roomId: 'r', closedOn: ['node-a', 'node-b'] },
    });
    expect(node.fleet.commands).toContainEqual({
      nodeId: 'node-b',
      name: 'closeRoom',
      params: { roomId: 'r', reason: 'abuse' },
    });
  });

  it('are not said to be closed while a node that may still hold them can not be reached', async () => {
    node.fleet.rooms.set('r', roomRecord('r', ['node-a', 'node-b']));
    node.fleet.commandFailures.set('node-b', new FleetError('FLEET_ERR_NODE_UNREACHABLE'));

    expect(await call('/v1/rooms/r', { method: 'DELETE' })).toMatchObject({
      status: 503,
      body: { code: 'FLEET_ERR_NODE_UNREACHABLE' },
    });
  });

  it('lose a peer on the node that has it, though another has not', async () => {
    node.fleet.rooms.set('r', roomRecord('r', ['node-a', 'node-b']));
    node.fleet.commandFailures.set('node-a', new FleetError('FLEET_ERR_NOT_FOUND'));

    expect(await call('/v1/rooms/r/peers/bob', { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { roomId: 'r', peerId: 'bob', removedFrom: ['node-b'] },
    });
  });

  it('without such a peer on any node answer not found', async () => {
    node.fleet.rooms.set('r', roomRecord('r', ['node-a']));
    node.fleet.commandFailures.set(
      'node-a',
      new FleetError('FLEET_ERR_NOT_FOUND', { message: 'no such peer' }),
    );

    expect(await call('/v1/rooms/r/peers/bob', { method: 'DELETE' })).toMatchObject({
      status: 404,
      body: { code: 'FLEET_ERR_NOT_FOUND', message: 'no such peer' },
    });
  });
});

describe('events', () => {
  it('are followed from the last one that was read', async () => {
    const demand = { egressBps: 1, packetsPerSecond: 1 };
    for (const id of ['1-0', '2-0', '3-0']) {
      node.fleet.eventLog.push({ kind: 'no-capacity', id, atMs: 5, roomId: 'r', nodeId: '', demand });
    }

    expect((await call('/v1/events?limit=2')).body).toMatchObject({ events: [{ id: '1-0' }, { id: '2-0' }] });
    expect((await call('/v1/events?afterId=2-0')).body).toEqual({
      events: [{ kind: 'no-capacity', id: '3-0', atMs: 5, roomId: 'r', nodeId: '', demand }],
    });
  });
});

describe('wrong input', () => {
  it.each([
    ['a limit of zero', '/v1/rooms?limit=0', {}],
    ['a limit that is no number', '/v1/rooms?limit=many', {}],
    ['a limit given twice', '/v1/rooms?limit=1&limit=2', {}],
    ['an unknown query parameter', '/v1/rooms?limt=5', {}],
    ['an id that is too long', `/v1/rooms/${'x'.repeat(257)}`, {}],
    ['a body that is not JSON', '/v1/nodes/node-a/cordon', postJson('{"reason":')],
    ['an empty body that says it is JSON', '/v1/nodes/node-a/cordon', postJson('')],
    ['a body of another type', '/v1/nodes/node-a/cordon', { method: 'POST', body: '<a/>' }],
    ['an array for a body', '/v1/nodes/node-a/cordon', postJson('[]')],
    ['an unknown field in the body', '/v1/nodes/node-a/cordon', postJson('{"resaon":"typo"}')],
    ['a reason that is no text', '/v1/nodes/node-a/cordon', postJson('{"reason":{}}')],
    ['prototype pollution', '/v1/nodes/node-a/cordon', postJson('{"__proto__":{"reason":"x"}}')],
    ['an event id that is none', '/v1/events?afterId=yesterday', {}],
    ['an empty id', '/v1/rooms/', {}],
    ['a path that is no URL', '/v1/rooms/%E0%A4%A', {}],
  ] as [string, string, RequestInit][])(
    '%s is a bad request and reaches no node',
    async (_what, path, init) => {
      const { status, body } = await call(path, init);

      expect(status).toBe(400);
      expect(body).toEqual({ code: 'FLEET_ERR_BAD_REQUEST', message: expect.any(String) as string });
      expect(node.fleet.commands).toEqual([]);
    },
  );

  it('says where it is wrong without repeating it', async () => {
    const { body } = await call('/v1/rooms?limit=<script>');
    expect(body).toMatchObject({ message: expect.stringMatching(/^querystring\.limit: /) as string });
    expect(JSON.stringify(body)).not.toContain('script');
  });

  it('of more than 64 KiB is too large', async () => {
    const { status, body } = await call(
      '/v1/nodes/node-a/cordon',
      postJson(JSON.stringify({ reason: 'x'.repeat(70_000) })),
    );
    expect(status).toBe(413);
    expect(body).toMatchObject({ code: 'FLEET_ERR_MESSAGE_TOO_LARGE' });
  });

  it.each([
    ['GET', '/v1/nothing'],
    ['GET', '/nothing'],
    ['PUT', '/v1/nodes'],
    ['DELETE', '/v1/rooms'],
  ])('%s %s is not found, as JSON', async (method, path) => {
    const { status, headers, body } = await call(path, { method });
    expect(status).toBe(404);
    expect(headers.get('content-type')).toContain('application/json');
    expect(body).toMatchObject({ code: 'FLEET_ERR_NOT_FOUND' });
  });
});

describe('failures', () => {
  it('of placement are told as they are, with when to try again', async () => {
    node.fleet.placementFailure = new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE', { retryAfterMs: 500 });

    const { status, headers, body } = await call('/v1/nodes');

    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(body).toMatchObject({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retryAfterMs: 500 });
  });

  it('that nobody foresaw show nothing to the caller and everything in the log', async () => {
    node.fleet.placementFailure = new TypeError('cannot read /etc/fleet/key.pem');

    const { status, body } = await call('/v1/nodes');

    expect(status).toBe(500);
    expect(body).toEqual({ code: 'FLEET_ERR_INTERNAL', message: 'internal error' });
    expect(JSON.stringify(node.logs)).toContain('key.pem');
  });

  it('of a node that answers against the contract are internal', async () => {
    node.fleet.nodes.set('node-a', nodeRecord('node-a', { release: undefined as unknown as string }));
    expect(await call('/v1/nodes/node-a')).toMatchObject({
      status: 500,
      body: { code: 'FLEET_ERR_INTERNAL' },
    });
  });
});
