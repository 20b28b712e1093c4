import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { OPERATOR_AUDIENCE, PEER_AUDIENCE } from '../../core/auth/token-claims';
import { EXTENSION_METHODS } from '../../core/protocol/fleet-extensions';
import { mintToken } from '../../local/token/mint-token';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';

const SECRET = 'a secret of the tests, thirty-two characters and more';
const ADMIN_SECRET = 'another secret, for operators only, as long as that one';
const pair = generateKeyPairSync('ed25519');
const PRIVATE_KEY = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const HS_KEY = { kid: 'k1', alg: 'HS256', secret: SECRET } as const;
const ADMIN_KEY = { kid: 'op', alg: 'HS256', secret: ADMIN_SECRET } as const;

describe('a gateway that requires tokens', () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start({
      env: {
        FLEET_AUTH: 'token',
        FLEET_TOKEN_KEYS: JSON.stringify([
          HS_KEY,
          {
            kid: 'ed',
            alg: 'EdDSA',
            publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          },
        ]),
        FLEET_ADMIN_TOKEN_KEYS: JSON.stringify([ADMIN_KEY]),
      },
    });
  });

  afterAll(async () => {
    await fleet.close();
  });

  const nowSeconds = () => Math.floor(Date.now() / 1000);

  function sign(claims: Record<string, unknown>, { secret = SECRET, kid = 'k1' } = {}): Promise<string> {
    return new SignJWT({ aud: PEER_AUDIENCE, exp: nowSeconds() + 60, ...claims })
      .setProtectedHeader({ alg: 'HS256', kid })
      .sign(createSecretKey(secret, 'utf8'));
  }

  const peer = (room: string, more: { peer?: string; canPublish?: boolean } = {}) => ({
    kind: 'peer' as const,
    room,
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    ...more,
  });

  const connect = (token: string | undefined, peerId = 'alice', roomId = 'room') =>
    ProtooSocket.connect({ url: fleet.url(0), roomId, peerId, query: token === undefined ? {} : { token } });

  async function unsigned(): Promise<string> {
    const [, payload] = (await sign({ room: 'room' })).split('.');
    return `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${payload}.`;
  }

  const refused: [string, string, () => Promise<string | undefined>][] = [
    ['no token', 'FLEET_ERR_TOKEN_MISSING', () => Promise.resolve(undefined)],
    ['what is no token', 'FLEET_ERR_TOKEN_INVALID', () => Promise.resolve('abc')],
    ['an unsigned one', 'FLEET_ERR_TOKEN_INVALID', unsigned],
    [
      'a signature of another key',
      'FLEET_ERR_TOKEN_INVALID',
      () => sign({ room: 'room' }, { secret: ADMIN_SECRET }),
    ],
    ['an unknown key id', 'FLEET_ERR_TOKEN_INVALID', () => sign({ room: 'room' }, { kid: 'k2' })],
    ["another algorithm's key id", 'FLEET_ERR_TOKEN_INVALID', () => sign({ room: 'room' }, { kid: 'ed' })],
    ['no room', 'FLEET_ERR_TOKEN_INVALID', () => sign({})],
    ['no expiry', 'FLEET_ERR_TOKEN_INVALID', () => sign({ room: 'room', exp: undefined })],
    [
      'a start in the future',
      'FLEET_ERR_TOKEN_INVALID',
      () => sign({ room: 'room', nbf: nowSeconds() + 60 }),
    ],
    ['an end in the past', 'FLEET_ERR_TOKEN_EXPIRED', () => sign({ room: 'room', exp: nowSeconds() - 31 })],
    ['another room', 'FLEET_ERR_TOKEN_WRONG_ROOM', () => sign({ room: 'room2' })],
    ['another prefix', 'FLEET_ERR_TOKEN_WRONG_ROOM', () => sign({ room: 'lobby-*' })],
    ['another peer', 'FLEET_ERR_TOKEN_WRONG_PEER', () => sign({ room: 'room', peer: 'bob' })],
    [
      "an operator's audience",
      'FLEET_ERR_TOKEN_INVALID',
      () => sign({ room: 'room', aud: OPERATOR_AUDIENCE }),
    ],
    [
      'both audiences',
      'FLEET_ERR_TOKEN_INVALID',
      () => sign({ room: 'room', aud: [PEER_AUDIENCE, OPERATOR_AUDIENCE] }),
    ],
  ];

  test.each(refused)(
    'a token with %s is refused as %s, and nothing is allocated',
    async (_case, code, token) => {
      const before = await fleet.keys();
      const client = await connect(await token());
      const { data } = await client.notification(EXTENSION_METHODS.connectionRefused);
      expect(data).toMatchObject({ code, retriable: false });
      expect((await client.closing()).code).toBe(4000);
      expect(fleet.node(0).parts.sessions.sessionCount).toBe(0);
      expect(fleet.node(0).parts.media.listRooms()).toEqual([]);
      expect((await fleet.keys()).filter((key) => !before.includes(key))).toEqual([]);
      expect(await fleet.node(0).parts.placement.findRoom('room')).toBeUndefined();
    },
  );

  test.each([
    [
      'HS256 for the exact room',
      () => mintToken({ request: peer('room'), ttlMs: 60_000, key: HS_KEY, nowMs: Date.now() }),
    ],
    [
      'HS256 for a prefix',
      () => mintToken({ request: peer('ro*'), ttlMs: 60_000, key: HS_KEY, nowMs: Date.now() }),
    ],
    [
      'EdDSA for the peer',
      () =>
        mintToken({
          request: peer('room', { peer: 'alice' }),
          ttlMs: 60_000,
          key: { kid: 'ed', alg: 'EdDSA', privateKey: PRIVATE_KEY },
          nowMs: Date.now(),
        }),
    ],
    ['an end within the skew', () => sign({ room: 'room', exp: nowSeconds() - 10 })],
    ['no audience', () => sign({ room: 'room', aud: undefined })],
  ])('%s lets the peer in', async (_case, token) => {
    const client = await connect(await token());
    expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
    client.close();
  });

  test('a peer that may not publish can not produce', async () => {
    const token = await sign({ room: 'room', canPublish: false });
    const client = await connect(token);
    const answer = await client.request('createWebRtcTransport', {
      forceTcp: false,
      producing: true,
      consuming: false,
    });
    const transportId = answer.ok ? (answer.data as { id: string }).id : 'none';
    const produced = await client.request('produce', {
      transportId,
      kind: 'audio',
      rtpParameters: {},
      appData: {},
    });
    expect(produced).toMatchObject({ ok: false });
    client.close();
  });

  describe("broadcasters' routes", () => {
    const call = async (method: string, path: string, token?: string, body?: object) => {
      const answer = await fetch(`http://127.0.0.1:${fleet.node(0).httpPort}/rooms/stage${path}`, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const newer = (peerId: string, id?: string) => ({ peerId, id, displayName: 'B', device: { name: 'x' } });
    let holder: ProtooSocket;

    beforeAll(async () => {
      holder = await connect(await sign({ room: 'stage' }), 'holder', 'stage');
      await holder.request('getRouterRtpCapabilities');
    });

    afterAll(() => holder.close());

    test('take a token that names the broadcaster, also for the room itself', async () => {
      const token = await sign({ room: 'stage', peer: 'camera' });
      expect((await call('GET', '', token)).status).toBe(200);
      expect((await call('POST', '/broadcasters', token, newer('camera'))).status).toBe(201);
      expect((await call('DELETE', '/broadcasters/camera', token)).status).toBe(204);
    });

    test.each([
      ['none', 401, () => Promise.resolve(undefined)],
      ['one for another room', 403, () => sign({ room: 'other' })],
      ['one for another peer', 403, () => sign({ room: 'stage', peer: 'camera' })],
      ['one that may not publish', 403, () => sign({ room: 'stage', canPublish: false })],
    ])('refuse to create with %s, whatever the older field says', async (_case, status, token) => {
      const answer = await call('POST', '/broadcasters', await token(), newer('victim', 'camera'));
      expect(answer.status).toBe(status);
      expect(
        fleet
          .node(0)
          .parts.media.describeRoom('stage')
          .peers.map(({ peerId }) => peerId),
      ).toEqual(['holder']);
    });

    test('give nothing to receive to a token that may only publish', async () => {
      const token = await sign({ room: 'stage', canSubscribe: false, canPublishData: false });
      const transport = '/broadcasters/camera/transports/t';
      for (const path of [`${transport}/consume`, `${transport}/consume/data`, `${transport}/produce/data`]) {
        const answer = await call('POST', path, token, {});
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.text).toContain('FLEET_ERR_FORBIDDEN');
      }
    });
  });

  describe('operator routes', () => {
    const get = (token?: string) =>
      fetch(`http://127.0.0.1:${fleet.node(0).httpPort}/v1/nodes`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });

    test('take an operator token', async () => {
      const token = await mintToken({
        request: { kind: 'operator' },
        ttlMs: 60_000,
        key: ADMIN_KEY,
        nowMs: Date.now(),
      });
      expect((await get(token)).status).toBe(200);
    });

    test.each([
      ['no token', () => Promise.resolve(undefined)],
      ['a peer token', () => sign({ room: '*' })],
      ['an operator audience signed for peers', () => sign({ aud: OPERATOR_AUDIENCE })],
      [
        'a peer audience signed for operators',
        () => sign({ room: '*' }, { secret: ADMIN_SECRET, kid: 'op' }),
      ],
      ['no audience', () => sign({ aud: undefined }, { secret: ADMIN_SECRET, kid: 'op' })],
    ])('refuse %s', async (_case, token) => {
      expect((await get(await token())).status).toBe(401);
    });
  });
});
