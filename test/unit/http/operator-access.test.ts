import { request } from 'node:http';
import { eventually } from '../../helpers/eventually';
import {
  OPERATOR_TOKEN,
  type RunningNode,
  TOKEN_ACCESS,
  nodeRecord,
  roomRecord,
  startNode,
} from './operator-fixture';

let node: RunningNode;
afterEach(() => node.close());

/** With headers that fetch would not let us choose. */
function send(
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(node.url + path, { agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const audits = () => node.logs.filter(({ audit }) => audit === true);

describe('with operator tokens', () => {
  beforeEach(async () => {
    node = await startNode(TOKEN_ACCESS);
    node.fleet.nodes.set('node-a', nodeRecord('node-a'));
    node.fleet.rooms.set('r', roomRecord('r', ['node-a']));
  });

  it.each([
    ['GET', '/v1/nodes'],
    ['GET', '/v1/rooms/r'],
    ['POST', '/v1/nodes/node-a/cordon'],
    ['DELETE', '/v1/rooms/r'],
    ['GET', '/metrics'],
  ])('%s %s without a token is refused before anything is asked', async (method, path) => {
    const { status, body } = await send(path, { method });

    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_TOKEN_MISSING' });
    expect(node.fleet.commands).toEqual([]);
  });

  it('a wrong token is refused', async () => {
    const { status, body } = await send('/v1/nodes', { headers: { authorization: 'Bearer wrong' } });
    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_TOKEN_INVALID' });
  });

  it('a refused caller learns nothing about which rooms exist, nor whether its input was valid', async () => {
    expect((await send('/v1/rooms/r?nonsense=1')).status).toBe(401);
    expect((await send('/v1/rooms/not-there')).status).toBe(401);
  });

  it('the right token works under any host name', async () => {
    const headers = { authorization: `Bearer ${OPERATOR_TOKEN}`, host: 'fleet.example.org' };
    expect((await send('/v1/nodes', { headers })).status).toBe(200);
    expect((await send('/metrics', { headers })).status).toBe(200);
  });

  it('the OpenAPI document is for everybody', async () => {
    expect((await send('/v1/openapi.json')).status).toBe(200);
  });

  it('each action leaves one audit line: who, what, on what, with which result', async () => {
    const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` };
    await send('/v1/rooms/r/peers/bob?reason=abuse', { method: 'DELETE', headers });
    await send('/v1/rooms/gone', { method: 'DELETE', headers });
    await send('/v1/rooms/r', { method: 'DELETE' });
    await send('/v1/rooms/r', { headers });

    await eventually(() => audits().length === 3);
    expect(audits()).toMatchObject([
      {
        who: 'ada',
        action: 'removePeer',
        target: { roomId: 'r', peerId: 'bob' },
        reason: 'abuse',
        result: 'ok',
      },
      { who: 'ada', action: 'closeRoom', target: { roomId: 'gone' }, result: 'FLEET_ERR_NOT_FOUND' },
      { who: 'unknown', action: 'closeRoom', target: { roomId: 'r' }, result: 'FLEET_ERR_TOKEN_MISSING' },
    ]);
  });

  it('no log line ever has the token', async () => {
    const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` };
    await send(`/v1/rooms/r?token=${OPERATOR_TOKEN}`, { method: 'DELETE', headers });
    node.fleet.placementFailure = new Error('boom');
    await send(`/v1/nodes`, { headers });

    await eventually(() => audits().length === 1 && node.logs.length >= 2);
    expect(JSON.stringify(node.logs)).not.toContain(OPERATOR_TOKEN);
  });
});

describe('open on loopback', () => {
  beforeEach(async () => {
    node = await startNode({ kind: 'open-on-loopback' });
    node.fleet.nodes.set('node-a', nodeRecord('node-a'));
  });

  const cordon = (headers: Record<string, string>) =>
    send('/v1/nodes/node-a/cordon', { method: 'POST', headers });

  it('needs no token, and audits as loopback', async () => {
    expect((await send('/v1/nodes')).status).toBe(200);
    expect((await send('/metrics')).status).toBe(200);
    expect((await cordon({})).status).toBe(200);
    await eventually(() => audits().length === 1);
    expect(audits()).toMatchObject([{ who: 'loopback', action: 'cordonNode', result: 'ok' }]);
  });

  it.each(['localhost', 'LOCALHOST:9', '127.0.0.1', '127.8.8.8:80', '[::1]:8080'])(
    'answers to the host name %s',
    async (host) => {
      expect((await send('/v1/nodes', { headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'evil.example/127.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
  ])('refuses the host name "%s", which a page could have rebound', async (host) => {
    const { status, body } = await send('/v1/nodes', { headers: { host } });
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ code: 'FLEET_ERR_FORBIDDEN' });
  });

  it('lets a page of its own origin act', async () => {
    expect((await cordon({ origin: `http://${node.host}` })).status).toBe(200);
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'nonsense'])(
    'refuses a page of the origin %s',
    async (origin) => {
      expect((await cordon({ origin })).status).toBe(403);
      expect((await send('/v1/nodes', { headers: { origin } })).status).toBe(403);
      expect(node.fleet.commands).toEqual([]);
    },
  );
});
