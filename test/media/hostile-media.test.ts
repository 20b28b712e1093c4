import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';
import type { RtpPeer } from '../../local/load/rtp-peer';
import { opusParameters, sendOpus, type RunningStream } from '../../local/load/rtp-streams';

const A = 0;
const B = 1;
const SSRC = 1001;
/** A second of the stream. Counted in packets: this process sends, receives, attacks and is attacked. */
const INTERRUPTION_PACKETS = 50;

/** Attackers come through the room's own node and through another gateway. */
describe('while somebody in the room is hostile, packets between the others flow on', () => {
  const roomId = 'room';
  let fleet: TestNodes;
  let speaker: DemoClient;
  let listener: DemoClient;
  let sender: RtpPeer;
  let receiver: RtpPeer;
  let stream: RunningStream;
  let sentAtLast = 0;
  let longestGap = 0;

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 2 });
    await fleet.onlyPlaceOn(B);
    // The room is placed by a client of the gateway's, so that those who follow find it.
    const first = await ProtooSocket.connect({ url: fleet.url(A), roomId, peerId: 'first' });
    await first.request('getRouterRtpCapabilities');
    const { media } = fleet.node(B).parts;
    speaker = await DemoClient.join(media, { roomId, peerId: 'speaker', generation: 'legacy' });
    await speaker.produce('audio', opusParameters(SSRC));
    listener = await DemoClient.join(media, { roomId, peerId: 'listener', generation: 'current' });
    sender = await speaker.connectMedia(speaker.sendTransport);
    receiver = await listener.connectMedia(listener.receiveTransport);
    receiver.onPacket(() => {
      const sent = stream.sent();
      longestGap = Math.max(longestGap, sent - sentAtLast);
      sentAtLast = sent;
    });
    stream = sendOpus({ peer: sender, ssrc: SSRC });
    await eventually(() => receiver.packets > 10);
  });

  afterAll(async () => {
    stream.stop();
    await Promise.all([sender.close(), receiver.close()]);
    await fleet.close();
  });

  const raw = (data: string | Buffer) => (client: ProtooSocket) => client.socket.send(data);
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const asRequest = (data: string) => `{"request":true,"id":1,"method":"join","data":${data}}`;

  const attacks: [string, (client: ProtooSocket) => void][] = [
    ['what is not JSON', raw('{"request":tru')],
    ['binary', raw(Buffer.alloc(1_000, 0xff))],
    ['wrong types', raw('{"request":true,"id":"1","method":["join"],"data":7}')],
    ['wrong data for every method', wrongData],
    ['a message that is too large', raw('x'.repeat(1024 * 1024))],
    ['JSON too deep to be written again', raw(asRequest(nested(100_000)))],
    ['numbers that grow when they are written again', raw(asRequest(`[${'1e20,'.repeat(50_000)}0]`))],
    ['prototype keys', raw(asRequest('{"__proto__":{"joined":true},"constructor":{"prototype":1}}'))],
    ['methods that do not exist', unknownMethods],
    ['10,000 requests', tenThousand],
    ['ids of another peer', foreignIds],
    ['acknowledgements of what was never sent', falseAcknowledgements],
    ['connections that come and go', raw('{}')],
  ];

  describe.each([
    ['the room’s own node', B],
    ['another gateway', A],
  ])('through %s', (_where, gateway) => {
    test.each(attacks)('%s', async (name, attack) => {
      const before = { received: receiver.packets, sent: stream.sent() };
      sentAtLast = before.sent;
      longestGap = 0;

      for (let round = 0; round < (name.startsWith('connections') ? 20 : 1); round += 1) {
        const query: Record<string, string> = round % 2 === 0 ? {} : { resume: '1' };
        const client = await ProtooSocket.connect({ url: fleet.url(gateway), roomId, peerId: 'bad', query });
        await client.request('getRouterRtpCapabilities');
        attack(client);
        // Over for the server when it has answered or ended the connection.
        const id = client.sendRequest('getRouterRtpCapabilities');
        await eventually(() => client.closed ?? client.responsesTo(id).length > 0);
        client.socket.terminate();
      }

      await eventually(() => stream.sent() - before.sent >= 10 && receiver.packets > before.received);
      const sent = stream.sent() - before.sent;
      expect(receiver.packets - before.received).toBeGreaterThanOrEqual(sent * 0.8 - 5);
      expect(longestGap).toBeLessThan(INTERRUPTION_PACKETS);
      expect(speaker.peer.closedWith).toBeUndefined();
      expect(speaker.peer.notifications('consumerClosed')).toEqual([]);
    });
  });

  function wrongData(client: ProtooSocket): void {
    const methods = [
      'join',
      'createWebRtcTransport',
      'produce',
      'closeProducer',
      'produceData',
      'restartIce',
    ];
    for (const method of methods) {
      for (const data of [null, 7, 'x', [], { transportId: {}, producerId: [], rtpParameters: 'x' }]) {
        client.sendRequest(method, data);
        client.send({ notification: true, method, data });
      }
    }
  }

  function unknownMethods(client: ProtooSocket): void {
    for (const method of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'x'.repeat(100)]) {
      client.sendRequest(method);
    }
  }

  function tenThousand(client: ProtooSocket): void {
    for (let i = 0; i < 10_000; i += 1) client.sendRequest('createWebRtcTransport', { forceTcp: false });
  }

  function foreignIds(client: ProtooSocket): void {
    const transportId = speaker.sendTransport?.id;
    expect(listener.consumers()).toHaveLength(1);
    for (const method of ['restartIce', 'getTransportStats', 'connectWebRtcTransport', 'produce']) {
      client.sendRequest(method, { transportId, kind: 'audio', rtpParameters: opusParameters(SSRC) });
    }
    for (const { producerId } of listener.consumers()) {
      client.sendRequest('closeProducer', { producerId });
      client.send({ notification: true, method: 'closeProducer', data: { producerId } });
      client.sendRequest('pauseProducer', { producerId });
    }
  }

  function falseAcknowledgements(client: ProtooSocket): void {
    for (const seq of [-1, 1.5, 10, Number.MAX_SAFE_INTEGER]) {
      client.send({ notification: true, method: 'acknowledge', data: { seq } });
      client.send({ response: true, id: 1, ok: true, data: { seq } });
    }
  }
});
