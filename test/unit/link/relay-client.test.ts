import { pino } from 'pino';
import type { SessionClose } from '../../../core/session/session-port';
import type { Link } from '../../../node-app/link/link';
import { NodeUnreachableError } from '../../../node-app/link/node-unreachable-error';
import { RelayClient } from '../../../node-app/link/relay-client';
import { ManualClock, settle } from '../../helpers/manual-clock';

const OPENED = { sessionId: 's', resumeToken: 't', graceMs: 15_000, lastUpSeq: 0 };

/** A gateway with a client on another node, over a link that opens sessions. */
async function setUp({ linkAddress = '10.0.0.7:4444' } = {}) {
  const clock = new ManualClock();
  const closes: SessionClose[] = [];
  const dialed: string[] = [];
  const newLink = () =>
    ({ nodeId: 'media', closed: false, call: async () => OPENED, send: () => undefined }) as unknown as Link;
  const world = { lapsed: false, dial: (): Promise<Link> => Promise.resolve(newLink()) };
  const relay = new RelayClient({
    nodeId: 'gateway',
    hub: {
      connect: (_nodeId, address) => {
        dialed.push(address);
        return world.dial();
      },
    },
    findLinkAddress: async () => '10.0.0.8:4444',
    isSilent: async () => world.lapsed,
    giveUpAfterMs: 15_000,
    clock,
    random: () => 0.5,
    logger: pino({ level: 'silent' }),
  });
  const link = newLink();
  world.dial = () => Promise.resolve(link);
  await relay.hostOn('media', linkAddress).resume(
    {
      roomId: 'r',
      peerId: 'p',
      resumeToken: 't',
      lastSeq: 0,
      gatewayNodeId: 'gateway',
      remoteAddress: '192.0.2.1',
    },
    { deliver: () => undefined, closed: (close) => closes.push(close) },
  );
  dialed.splice(0);
  world.dial = () => new Promise(() => undefined);
  return { clock, relay, link, closes, dialed, world, newLink };
}

test('the clients of a silent node are told so, however long its dial takes', async () => {
  const { clock, relay, link, closes, world } = await setUp();
  relay.linkClosed(link);
  await clock.advance(1_000);
  expect(closes).toEqual([]);
  world.lapsed = true;
  await clock.advance(500);
  expect(closes.map(({ error }) => error.code)).toEqual(['FLEET_ERR_NODE_UNREACHABLE']);
  expect(relay.sessionCount).toBe(0);
  await relay.close();
});

test('also when each dial fails at once', async () => {
  const { clock, relay, link, closes, world } = await setUp();
  world.dial = () =>
    Promise.reject(new NodeUnreachableError({ nodeId: 'media', evidence: 'unreachable', message: '' }));
  world.lapsed = true;
  relay.linkClosed(link);
  await settle();
  expect(closes).toHaveLength(1);
  expect(clock.waiting).toBe(0);
  await relay.close();
});

test('a link that only broke is dialed again, at the address that placement knows where the session came without', async () => {
  const { relay, link, closes, dialed, world, newLink } = await setUp({ linkAddress: '' });
  world.dial = () => Promise.resolve(newLink());
  relay.linkClosed(link);
  await settle();
  expect(dialed).toEqual(['10.0.0.8:4444']);
  expect([closes.length, relay.sessionCount, relay.recoveringCount]).toEqual([0, 1, 0]);
  await relay.close();
});
