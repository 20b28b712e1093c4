import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { endConnectionsOf } from '../../../node-app/http/close-connections';
import { eventually } from '../../helpers/eventually';

/** Answers once `finish` is called. */
async function startServer() {
  const server = createServer();
  const endConnections = endConnectionsOf(server);
  const asked: (() => void)[] = [];
  server.on('request', (_request, response) => asked.push(() => response.end('finished')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    endConnections();
    const closed = once(server, 'close');
    server.close();
    return closed;
  };
  return { server, asked, close };
}

async function open(server: Server, bytes = ''): Promise<{ socket: Socket; received: () => string }> {
  const accepted = once(server, 'connection');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await accepted;
  return { socket, received: () => received };
}

const REQUEST = 'POST / HTTP/1.1\r\nhost: a\r\n';

test.each([
  ['sent nothing', '', 0],
  ['stopped in the middle of its headers', REQUEST, 0],
  ['stopped in the middle of a body', `${REQUEST}content-length: 100\r\n\r\n{`, 1],
])('a server ends though somebody %s', async (_what, bytes, requests) => {
  const { server, asked, close } = await startServer();
  const { socket } = await open(server, bytes);
  await eventually(() => asked.length === requests);
  const ended = once(socket, 'close');
  await close();
  await ended;
});

test('who has asked gets the answer first', async () => {
  const { server, asked, close } = await startServer();
  const { socket, received } = await open(server, `${REQUEST}content-length: 0\r\n\r\n`);
  await eventually(() => asked.length === 1);
  const closed = close();
  asked[0]?.();
  await closed;
  await eventually(() => socket.destroyed);
  expect(received()).toContain('finished');
});

test('a connection of a WebSocket is its own', async () => {
  const { server, close } = await startServer();
  const upgraded: Socket[] = [];
  server.on('upgrade', (_request, socket: Socket) => upgraded.push(socket));
  const { socket } = await open(
    server,
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  );
  await eventually(() => upgraded.length === 1);
  const closed = close();
  upgraded[0]?.write('still here');
  await once(socket, 'data');
  upgraded[0]?.destroy();
  await closed;
});
