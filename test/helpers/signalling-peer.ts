import { randomBytes, randomInt } from 'node:crypto';
import { WebSocket } from 'ws';
import { PROTOO_SUBPROTOCOL } from '../../core/protocol/protoo';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { PeerError } from '../../local/load/peer-error';
import { SignallingSession } from '../../local/load/signalling-session';

export interface SignallingPeerOptions {
  /** Of a gateway or a front port, e.g. `ws://127.0.0.1:3000`. */
  url: string;
  roomId: string;
  peerId: string;
  /** Further parameters of the query. */
  query?: Record<string, string>;
}

interface TransportAnswer {
  id: string;
}

/** What the server asked of the peer; enough of `newConsumer` for a test to act on it. */
export interface SeenConsumer {
  id: string;
  producerId: string;
  peerId: string;
  kind: string;
}

/**
 * A peer that speaks the legacy mediasoup-demo protocol and does everything but media: its transports exist on the
 * server and never connect. It costs the sender almost nothing, so that a benchmark of joins measures the server.
 */
export class SignallingPeer {
  readonly consumers: SeenConsumer[] = [];
  readonly notifications: { method: string; data: unknown }[] = [];
  /** Ids of those who were there when it joined. */
  found: string[] = [];
  /** Set once the connection closed. */
  closed: { code: number; reason: string } | undefined;

  private readonly session = new SignallingSession({
    clock: systemClock,
    onRequest: async (method, data) => {
      if (method === 'newConsumer') this.consumers.push(data as SeenConsumer);
    },
    onNotification: (method, data) => this.notifications.push({ method, data }),
  });

  private constructor(
    private readonly socket: WebSocket,
    readonly peerId: string,
  ) {}

  /** Connects; the server has not been asked anything yet. */
  static async connect(options: SignallingPeerOptions): Promise<SignallingPeer> {
    const query = new URLSearchParams({ roomId: options.roomId, peerId: options.peerId, ...options.query });
    const socket = new WebSocket(`${options.url}/?${query.toString()}`, PROTOO_SUBPROTOCOL);
    const peer = new SignallingPeer(socket, options.peerId);
    socket.on('message', (raw: Buffer) => peer.session.receive(raw));
    socket.on('close', (code, reason) => peer.end(code, reason.toString()));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    peer.session.attach(socket);
    return peer;
  }

  /** The whole of a demo client's way into a room; with `publish` it also produces audio and simulcast video. */
  async join(options: { publish: boolean }): Promise<void> {
    const capabilities = (await this.request('getRouterRtpCapabilities')) as {
      codecs: unknown[];
      headerExtensions: unknown[];
    };
    const transports: TransportAnswer[] = [];
    for (const producing of [true, false]) {
      const transport = (await this.request('createWebRtcTransport', {
        forceTcp: false,
        producing,
        consuming: !producing,
        sctpCapabilities: { numStreams: { OS: 1024, MIS: 1024 } },
      })) as TransportAnswer;
      transports.push(transport);
    }
    const joined = (await this.request('join', {
      displayName: this.peerId,
      device: { flag: 'chrome', name: 'Chrome', version: '1' },
      rtpCapabilities: { codecs: capabilities.codecs, headerExtensions: capabilities.headerExtensions },
      sctpCapabilities: { numStreams: { OS: 1024, MIS: 1024 } },
    })) as { peers: { id: string }[] };
    this.found = joined.peers.map(({ id }) => id);
    const [sending] = transports;
    if (options.publish && sending) {
      await this.request('connectWebRtcTransport', {
        transportId: sending.id,
        dtlsParameters: { role: 'client', fingerprints: [{ algorithm: 'sha-256', value: fingerprint() }] },
      });
      await this.request('produce', {
        transportId: sending.id,
        kind: 'audio',
        rtpParameters: audioParameters(),
        appData: {},
      });
      await this.request('produce', {
        transportId: sending.id,
        kind: 'video',
        rtpParameters: videoParameters(),
        appData: {},
      });
    }
  }

  /** Ids of those whom it sees in the room now, in their order. */
  others(): string[] {
    const present = new Set(this.found);
    for (const { method, data } of this.notifications) {
      const { id, peerId } = data as { id?: string; peerId?: string };
      if (method === 'newPeer') present.add(id ?? '');
      if (method === 'peerClosed') present.delete(peerId ?? '');
    }
    return [...present].sort();
  }

  /** How often each of the others came, or went. */
  count(method: 'newPeer' | 'peerClosed', of: string): number {
    return this.notifications.filter((one) => {
      const { id, peerId } = one.data as { id?: string; peerId?: string };
      return one.method === method && (method === 'newPeer' ? id : peerId) === of;
    }).length;
  }

  /** @throws PeerError with the server's `errorReason` */
  request(method: string, data?: unknown): Promise<unknown> {
    return this.session.request(method, data);
  }

  /** Sends bytes as they are, for hostile input. */
  sendRaw(raw: string | Buffer): void {
    this.socket.send(raw);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    await new Promise<void>((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.close();
    });
  }

  /** Breaks the connection as a lost network does. */
  terminate(): void {
    this.socket.terminate();
  }

  private end(code: number, reason: string): void {
    this.closed = { code, reason };
    this.session.detach(PeerError.ofClose(code, reason));
  }
}

function fingerprint(): string {
  return randomBytes(32)
    .toString('hex')
    .toUpperCase()
    .replace(/(..)(?=.)/g, '$1:');
}

function ssrc(): number {
  return randomInt(1, 2 ** 31);
}

function audioParameters(): unknown {
  return {
    mid: '0',
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48000,
        channels: 2,
        parameters: { useinbandfec: 1 },
      },
    ],
    headerExtensions: [],
    encodings: [{ ssrc: ssrc() }],
    rtcp: { cname: randomBytes(6).toString('hex') },
  };
}

function videoParameters(): unknown {
  return {
    mid: '1',
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: 96,
        clockRate: 90000,
        rtcpFeedback: [
          { type: 'nack' },
          { type: 'nack', parameter: 'pli' },
          { type: 'ccm', parameter: 'fir' },
        ],
      },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90000, parameters: { apt: 96 } },
    ],
    headerExtensions: [],
    encodings: [1, 2, 3].map(() => ({ ssrc: ssrc(), rtx: { ssrc: ssrc() }, scalabilityMode: 'L1T3' })),
    rtcp: { cname: randomBytes(6).toString('hex') },
  };
}
