import { parseFrame } from '../../../web/sdk/signalling/frames';
import { serverError } from '../../../web/sdk/signalling/server-error';
import { connectUrl } from '../../../web/sdk/signalling/connect-url';

describe('parseFrame', () => {
  it.each([
    ['request', { request: true, id: 0, method: 'newConsumer', data: { a: 1 }, seq: 3 }],
    ['success', { response: true, id: 7, ok: true, data: {}, seq: 1 }],
    ['error', { response: true, id: 7, ok: false, errorCode: 404, errorReason: 'FLEET_ERR_NOT_FOUND: no' }],
    ['notification', { notification: true, method: 'newPeer', data: { peer: {} } }],
  ])('takes a %s as it came', (_name, frame) => {
    expect(parseFrame(JSON.stringify(frame))).toEqual({ seq: undefined, ...frame });
  });

  it.each([
    ['no JSON', '{'],
    ['a binary message', new ArrayBuffer(2)],
    ['a list', '[]'],
    ['null', 'null'],
    ['neither request, response nor notification', '{"id":1}'],
    ['a request without a method', '{"request":true,"id":1}'],
    ['a negative id', '{"request":true,"id":-1,"method":"a"}'],
    ['a fraction as id', '{"response":true,"id":1.5,"ok":true}'],
    ['an id beyond safe integers', '{"response":true,"id":9007199254740993,"ok":true}'],
    ['a response that is neither', '{"response":true,"id":1}'],
    ['seq zero', '{"notification":true,"method":"a","seq":0}'],
    ['a textual seq', '{"notification":true,"method":"a","seq":"1"}'],
  ])('refuses %s', (_name, text) => {
    expect(parseFrame(text)).toBeUndefined();
  });

  it('gives an error response without a reason a status of its own', () => {
    expect(parseFrame('{"response":true,"id":1,"ok":false}')).toMatchObject({
      errorCode: 500,
      errorReason: '',
    });
  });
});

describe('serverError', () => {
  it("takes the registry's code out of the reason", () => {
    const error = serverError(404, 'FLEET_ERR_NOT_FOUND: no transport 12');
    expect(error).toMatchObject({
      code: 'FLEET_ERR_NOT_FOUND',
      message: 'no transport 12',
      retriable: false,
    });
  });

  it('knows from the status that a call may be tried again', () => {
    expect(serverError(503, 'FLEET_ERR_WORKER_DIED: gone').retriable).toBe(true);
    expect(serverError(429, 'FLEET_ERR_RATE_LIMITED: slow down').retriable).toBe(true);
    expect(serverError(403, 'FLEET_ERR_FORBIDDEN: no').retriable).toBe(false);
  });

  it("translates a foreign server's reason by its status", () => {
    expect(serverError(404, 'consumer with id "1" not found').code).toBe('FLEET_ERR_NOT_FOUND');
    expect(serverError(500, '').code).toBe('FLEET_ERR_INTERNAL');
  });
});

describe('connectUrl', () => {
  it('turns https into wss and keeps what the address has already', () => {
    const url = connectUrl('https://sfu.example/path?region=eu#top', {
      roomId: 'a b',
      peerId: 'ü',
      resume: '1',
    });
    expect(url).toBe('wss://sfu.example/path?region=eu&roomId=a+b&peerId=%C3%BC&resume=1');
  });

  it('leaves out what is undefined', () => {
    expect(connectUrl('ws://x', { roomId: 'r', peerId: 'p', token: undefined })).toBe(
      'ws://x/?roomId=r&peerId=p',
    );
  });

  it.each(['not a url', 'ftp://x', ''])('refuses %j', (base) => {
    expect(() => connectUrl(base, { roomId: 'r', peerId: 'p' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
    );
  });
});
