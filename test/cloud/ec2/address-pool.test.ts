import { once } from 'node:events';
import { createServer } from 'node:net';
import { AddressPool } from '../../../local/cloud/ec2/address-pool';

test('instances that launch side by side have addresses of their own, and what is given back is taken again', async () => {
  const pool = new AddressPool({
    ports: { http: 8_080, link: 4_443, mediaBase: 10_000 },
    workers: 2,
    random: Math.random,
  });
  const taken = await Promise.all(Array.from({ length: 8 }, () => pool.take()));
  const endpoints = taken.map(({ host, ports }) => `${host}:${ports.http}`);
  expect(new Set(endpoints).size).toBe(8);
  for (const { host } of taken) expect(host).toMatch(/^127\./);
  const [first] = taken;
  if (!first) throw new Error('none was taken');
  pool.give(first);
  expect((await pool.take()).host).toBe(first.host);
});

test('a port that somebody holds on all addresses is replaced by another', async () => {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  const http = typeof address === 'object' && address ? address.port : 0;
  try {
    const pool = new AddressPool({
      ports: { http, link: 4_443, mediaBase: 10_000 },
      workers: 1,
      random: Math.random,
    });
    expect((await pool.take()).ports.http).not.toBe(http);
  } finally {
    server.close();
  }
});
