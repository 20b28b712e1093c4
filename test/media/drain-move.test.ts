import { EXTENSION_METHODS, roomPlacementChangedSchema } from '../../core/protocol/fleet-extensions';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';

const A = 0;
const B = 1;
const ROOM = 'goes-on';

/** By the model four who all send and receive take 6.8 Mbit/s: a fifth one goes to the second node. */
const capacityOf = (index: number) => ({
  FLEET_CAPACITY_EGRESS_BPS: index === A ? '7000000' : '1000000000',
  FLEET_EXPECTED_PEERS: '2',
});

/** A client that comes again when it is told to, over the gateway that it has always used. */
class ReturningClient {
  readonly closes: number[] = [];
  readonly retries: number[] = [];
  private socket: ProtooSocket | undefined;
  private leaving = false;

  constructor(
    private readonly url: string,
    readonly peerId: string,
    private readonly isOurs: boolean,
  ) {}

  get current(): ProtooSocket {
    if (!this.socket) throw new Error(`${this.peerId} is not connected`);
    return this.socket;
  }

  async join(): Promise<void> {
    const query: Record<string, string> = this.isOurs ? { resume: '1' } : {};
    const socket = await ProtooSocket.connect({ url: this.url, roomId: ROOM, peerId: this.peerId, query });
    this.socket = socket;
    socket.socket.on('close', (code) => {
      if (this.leaving) return;
      this.closes.push(code);
      for (const message of socket.messages) {
        if ('notification' in message && message.method === EXTENSION_METHODS.roomPlacementChanged) {
          this.retries.push(roomPlacementChangedSchema.parse(message.data).retryAfterMs);
        }
      }
      void this.join();
    });
    await socket.request('join', {
      displayName: this.peerId,
      device: { flag: 'chrome', name: 'Chrome', version: '156' },
      rtpCapabilities: { codecs: [], headerExtensions: [] },
    });
  }

  /** Idempotent. */
  leave(): void {
    this.leaving = true;
    this.socket?.close();
  }
}

describe('a node that is emptied while people are in a room that it shares', () => {
  let fleet: TestNodes;
  const clients: ReturningClient[] = [];

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 2, env: capacityOf });
  });

  afterAll(async () => {
    for (const client of clients) client.leave();
    await fleet.close();
  }, 30_000);

  async function enter(peerId: string, options: { through: number; isOurs: boolean }) {
    const client = new ReturningClient(fleet.url(options.through), peerId, options.isOurs);
    clients.push(client);
    await client.join();
    return client;
  }

  const peersOn = (index: number) => {
    const { media } = fleet.node(index).parts;
    const peers = media.hasRoom(ROOM) ? media.describeRoom(ROOM).peers : [];
    return peers.map(({ peerId }) => peerId).sort();
  };

  test('its peers come again on the other node of their room, once each, and it is drained', async () => {
    await fleet.onlyPlaceOn(A);
    const moving: ReturningClient[] = [];
    for (const index of [0, 1, 2, 3]) {
      moving.push(await enter(`p${index}`, { through: index % 2, isOurs: index < 2 }));
    }
    await fleet.node(B).parts.commands.command(fleet.node(B).nodeId, 'uncordon', {});
    const stays = await enter('stays', { through: A, isOurs: true });
    expect([peersOn(A), peersOn(B)]).toEqual([['p0', 'p1', 'p2', 'p3'], ['stays']]);
    const before = stays.current.messages.length;

    const { status, placement } = fleet.node(A).parts;
    const nowMs = Date.now();
    // As if it were a spot instance: nobody is waited for.
    status.drain({ commandId: 'test', reason: 'spot', issuedAtMs: nowMs, deadlineAtMs: nowMs + 120_000 });

    await eventually(() => peersOn(B).length === 5);
    await eventually(async () => (await placement.findNode(fleet.node(A).nodeId))?.state === 'DRAINED');
    expect([peersOn(A), peersOn(B)]).toEqual([[], ['p0', 'p1', 'p2', 'p3', 'stays']]);
    expect(moving.map(({ closes }) => closes)).toEqual([[1012], [1012], [1012], [1012]]);
    expect(moving.map(({ retries }) => retries.length)).toEqual([1, 1, 0, 0]);
    expect(Math.max(...moving.flatMap(({ retries }) => retries))).toBeLessThan(100);
    expect(stays.closes).toEqual([]);

    // Whoever stayed saw each of them leave and come back, and nothing else.
    const eventsSeen = () =>
      stays.current.messages.slice(before).flatMap((message) => {
        if (!('notification' in message)) return [];
        const { method } = message;
        if (method !== 'newPeer' && method !== 'peerClosed') return [];
        const { peer, peerId } = message.data as { peer?: { peerId: string }; peerId?: string };
        return [`${peer?.peerId ?? peerId} ${method}`];
      });
    await eventually(() => eventsSeen().filter((event) => event.endsWith('newPeer')).length >= 4);
    const seen = eventsSeen();
    for (const { peerId } of moving) {
      expect(seen.filter((event) => event.startsWith(peerId))).toEqual([
        `${peerId} peerClosed`,
        `${peerId} newPeer`,
      ]);
    }

    const record = await placement.findNode(fleet.node(A).nodeId);
    expect(record?.drain).toMatchObject({
      failed: false,
      progress: { phase: 'moving', moved: 4, peers: 0, rooms: 0 },
    });
    expect(await placement.findRoom(ROOM)).toMatchObject({ nodes: [fleet.node(B).nodeId], peers: 5 });

    for (const client of clients) client.leave();
    await eventually(async () => (await placement.findRoom(ROOM)) === undefined);
    const left = (await fleet.keys()).map((key) => key.split('}:')[1]);
    for (const key of ['rooms', 'room-parts', 'room-index', 'claims']) expect(left).not.toContain(key);
  });
});
