import type { FleetError } from '../../core/errors';
import type { Claim } from '../../core/placement/placement-port';
import type { PeerGrants } from '../../core/session/session-port';
import type { MediaPort, SignalledPeer } from '../../node-app/media/media-port';

export interface SeenMessage {
  kind: 'notification' | 'request';
  method: string;
  data: Record<string, unknown>;
}

export const ALL_GRANTS: PeerGrants = { canPublish: true, canSubscribe: true, canPublishData: true };

export interface TestPeerOptions {
  /** @default room */
  roomId?: string;
  peerId: string;
  grants?: Partial<PeerGrants>;
  epoch?: number;
  claim?: Partial<Claim>;
  /** The node from which it migrates. */
  migratesFrom?: string;
  /** Answers a request of the server; throws to refuse it. @default accepts everything */
  onRequest?: (method: string, data: Record<string, unknown>) => unknown;
}

/** A client on a media node without a network between: its messages go straight in, and what comes out is kept. */
export class TestPeer {
  /** Everything that the server sent, oldest first. */
  readonly seen: SeenMessage[] = [];
  /** Set once the media side ended the session. */
  closedWith: FleetError | undefined;
  /** It goes on on another node. */
  succeeded = false;
  readonly peerId: string;
  private signalled!: SignalledPeer;

  private constructor(readonly options: TestPeerOptions) {
    this.peerId = options.peerId;
  }

  static async open(media: MediaPort, options: TestPeerOptions): Promise<TestPeer> {
    const peer = new TestPeer(options);
    peer.signalled = await media.openPeer({
      roomId: options.roomId ?? 'room',
      peerId: options.peerId,
      epoch: options.epoch ?? 1,
      claim: {
        seq: 1,
        reserved: { egressBps: 0, packetsPerSecond: 0 },
        expectedPeers: 2,
        ...options.claim,
      },
      grants: { ...ALL_GRANTS, ...options.grants },
      remoteAddress: '192.0.2.1',
      migratesFrom: options.migratesFrom,
      channel: {
        notify: (method, data) => peer.see('notification', method, data),
        request: async (method, data) => {
          peer.see('request', method, data);
          return options.onRequest?.(method, overTheWire(data)) ?? {};
        },
        close: (error) => {
          peer.closedWith = error;
        },
        migrationFailed: () => undefined,
        succeeded: () => {
          peer.succeeded = true;
        },
        tookOver: () => undefined,
      },
    });
    return peer;
  }

  async request<T = Record<string, unknown>>(method: string, data?: unknown): Promise<T> {
    return overTheWire(await this.signalled.handleRequest(method, data)) as T;
  }

  notify(method: string, data?: unknown): void {
    this.signalled.handleNotification(method, data);
  }

  leave(): void {
    this.signalled.close();
  }

  /** Data of the notifications of that method. */
  notifications(method: string): Record<string, unknown>[] {
    return this.messages('notification', method);
  }

  /** Data of the server's requests of that method. */
  requests(method: string): Record<string, unknown>[] {
    return this.messages('request', method);
  }

  private messages(kind: SeenMessage['kind'], method: string): Record<string, unknown>[] {
    return this.seen.filter((one) => one.kind === kind && one.method === method).map(({ data }) => data);
  }

  private see(kind: SeenMessage['kind'], method: string, data: unknown): void {
    this.seen.push({ kind, method, data: overTheWire(data) });
  }
}

/** As JSON makes it: what is undefined is gone. */
function overTheWire(data: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(data ?? {})) as Record<string, unknown>;
}
