import { connect } from 'node:net';
import { type RunningNode, TOKEN_ACCESS, startNode } from './operator-fixture';

let node: RunningNode;
beforeEach(async () => {
  node = await startNode(TOKEN_ACCESS);
});
afterEach(() => node.close());

/** What the server answers to these bytes until it closes the connection. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(node.url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('the HTTP server', () => {
  it.each([
    ['what is not HTTP', 'hello\r\n\r\n', 'this is not valid HTTP'],
    ['headers without end', `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(40_000)}`, 'too large'],
  ])('answers %s with a typed error and closes', async (_what, bytes, message) => {
    const answer = await sendRaw(bytes);

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('FLEET_ERR_BAD_REQUEST');
    expect(answer).toContain(message);
  });

  it('serves others after a client that broke off', async () => {
    const socket = connect(Number(new URL(node.url).port), '127.0.0.1');
    socket.write('POST /v1/nodes/a/cordon HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"rea');
    socket.resetAndDestroy();

    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
  });
});
