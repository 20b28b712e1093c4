import net from 'node:net';
import tls from 'node:tls';
import { readStoreSettings } from '../../lambdas/common/environment';
import { StoreClient } from '../../lambdas/common/store-client';
import { StorePassword } from '../../lambdas/common/store-password';
import { RedisServer } from '../helpers/redis-server';
import { selfSignedCertificate } from '../helpers/self-signed-certificate';

let server: RedisServer;
let front: tls.Server;
let secret: string;
let reads: number;
const clients: StoreClient[] = [];
const certificate = selfSignedCertificate();

beforeEach(async () => {
  server = await RedisServer.start();
  await server.requirePassword('first');
  // ElastiCache ends TLS in front of Redis just so.
  front = tls.createServer(certificate, (socket) => {
    const upstream = net.connect(server.socketPath);
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  front.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  secret = JSON.stringify({ current: 'first' });
  reads = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await new Promise((resolve) => front.close(resolve));
  await server.stop();
});

const ping = (client: StoreClient) => client.use((redis) => redis.ping());

test('a connection over TLS with the password of the secret is kept between uses', async () => {
  const client = open();
  expect(await ping(client)).toBe('PONG');
  expect(await ping(client)).toBe('PONG');
  expect(reads).toBe(1);
});

test('a certificate that nobody vouches for is refused', async () => {
  await expect(ping(open({ ca: selfSignedCertificate().cert }))).rejects.toThrow(
    /self-signed|signature|verify/i,
  );
});

test('a connection that was cut while the function slept is made anew', async () => {
  const client = open();
  await ping(client);
  await server.restart({ empty: true });
  await server.requirePassword('first');
  expect(await ping(client)).toBe('PONG');
});

test('a password that was rotated meanwhile is read again', async () => {
  const client = open();
  await ping(client);
  await server.restart({ empty: true });
  await server.requirePassword('second');
  secret = JSON.stringify({ current: 'second', previous: 'first' });
  expect(await ping(client)).toBe('PONG');
  expect(reads).toBe(2);
});

test('the previous password is tried while the store does not know the new one yet', async () => {
  secret = JSON.stringify({ current: 'second', previous: 'first' });
  expect(await ping(open())).toBe('PONG');
});

test('a password that nobody accepts is an error, and so is a secret of another form', async () => {
  secret = JSON.stringify({ current: 'wrong' });
  await expect(ping(open())).rejects.toThrow(/WRONGPASS/);
  secret = 'first';
  await expect(ping(open())).rejects.toMatchObject({ code: 'FLEET_ERR_CONFIG' });
});

test.each([
  [{ FLEET_REDIS_ENDPOINT: undefined }, 'FLEET_REDIS_ENDPOINT is required'],
  [{ FLEET_REDIS_ENDPOINT: 'host' }, 'FLEET_REDIS_ENDPOINT must be host:port'],
  [{ FLEET_REDIS_SECRET_ARN: '' }, 'FLEET_REDIS_SECRET_ARN is required'],
  [{ FLEET_REDIS_PREFIX: '{x}' }, 'FLEET_REDIS_PREFIX may have'],
])('an environment with %j stops the start', (change, message) => {
  const env = {
    FLEET_REDIS_ENDPOINT: 'store.example:6379',
    FLEET_REDIS_SECRET_ARN: 'arn',
    FLEET_REDIS_PREFIX: 'fleet',
    ...change,
  };
  expect(() => readStoreSettings(env)).toThrow(message);
});

function open({ ca = certificate.cert } = {}): StoreClient {
  const { port } = front.address() as net.AddressInfo;
  const client = new StoreClient({
    settings: readStoreSettings({
      FLEET_REDIS_ENDPOINT: `localhost:${port}`,
      FLEET_REDIS_SECRET_ARN: 'arn',
      FLEET_REDIS_PREFIX: 'fleet',
    }),
    password: new StorePassword('arn', async () => {
      reads += 1;
      return secret;
    }),
    connectionName: 'test',
    ca,
  });
  clients.push(client);
  return client;
}
