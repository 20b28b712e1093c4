import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { signWebhook } from '../../../node-app/webhooks/webhook-signature';
import { eventually } from '../../helpers/eventually';

const PAGE = readFileSync(join(__dirname, '../../../docs/api.md'), 'utf8');
const SAMPLE = /```js\n(.*?)```/s.exec(PAGE)?.[1] ?? '';
const SECRET = 'the-secret-of-the-sample';
const BODY = JSON.stringify({ type: 'peerJoined', roomId: 'überraschung', peerId: 'ada' });

let receiver: ChildProcess;
let printed = '';
let url: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function post(signature: string | undefined, body = BODY): Promise<number> {
  const headers = signature === undefined ? {} : { 'fleet-signature': signature };
  return (await fetch(url, { method: 'POST', body, headers: new Headers(headers) })).status;
}

const sign = (secrets: string[], nowMs = Date.now()) => signWebhook({ secrets, nowMs, body: BODY });

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  receiver = spawn(process.execPath, ['-e', SAMPLE], {
    env: { WEBHOOK_SECRET: SECRET, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  receiver.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await eventually(async () => (await post(undefined)) === 401);
});

afterAll(async () => {
  const exited = new Promise((resolve) => receiver.once('exit', resolve));
  receiver.kill();
  await exited;
});

describe('the receiver in docs/api.md', () => {
  it('believes what the fleet signed, with either secret while two are rotated', async () => {
    expect(await post(sign([SECRET]))).toBe(204);
    expect(await post(sign(['another-secret', SECRET]))).toBe(204);
    await eventually(() => printed.includes('peerJoined überraschung ada'));
  });

  it('refuses everything else', async () => {
    expect(await post(undefined)).toBe(401);
    expect(await post('nonsense')).toBe(401);
    expect(await post(sign(['another-secret']))).toBe(401);
    expect(await post(sign([SECRET], Date.now() - 301_000))).toBe(401);
    expect(await post(sign([SECRET]), BODY.replace('ada', 'eve'))).toBe(401);
  });
});
