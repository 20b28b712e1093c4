import type { Clock, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { Opened, Upstream } from '../../core/protocol/link';
import type { ProtooMessage } from '../../core/protocol/protoo';
import { sessionCloseFor } from '../../core/session/close-code';
import type { SessionClose, SessionDownlink, SessionUplink } from '../../core/session/session-port';
import { UpstreamQueue, type PushRefusal } from '../../core/session/upstream-queue';
import type { Link } from './link';

/** Acknowledgements of one session travel at most this often, milliseconds. */
const ACK_INTERVAL_MS = 100;

export interface RemoteSessionOptions {
  channel: string;
  nodeId: string;
  linkAddress: string;
  roomId: string;
  peerId: string;
  remoteAddress: string;
  downlink: SessionDownlink;
  clock: Clock;
  /** The session needs its entry no more. */
  onEnded: (session: RemoteSession) => void;
}

/** The gateway's end of a session whose media is on another node. It survives the link that carries it. */
export class RemoteSession implements SessionUplink {
  readonly channel: string;
  readonly nodeId: string;
  readonly linkAddress: string;
  private readonly queue = new UpstreamQueue();
  private opened: Opened | undefined;
  private link: Link | undefined;
  /** The newest message that arrived here, from which a new link goes on. */
  private receivedSeq: number;
  private acknowledgedSeq = 0;
  private ackTimer: Timer | undefined;
  /** The client is gone; what remains is to tell the media node. */
  private released = false;
  private ended = false;

  constructor(
    private readonly options: RemoteSessionOptions,
    lastSeq: number,
  ) {
    this.channel = options.channel;
    this.nodeId = options.nodeId;
    this.linkAddress = options.linkAddress;
    this.receivedSeq = lastSeq;
  }

  get sessionId(): string {
    return this.opened?.sessionId ?? '';
  }

  get resumeToken(): string {
    return this.opened?.resumeToken ?? '';
  }

  get graceMs(): number {
    return this.opened?.graceMs ?? 0;
  }

  get lastSeq(): number {
    return this.receivedSeq;
  }

  get identity(): { roomId: string; peerId: string; remoteAddress: string } {
    const { roomId, peerId, remoteAddress } = this.options;
    return { roomId, peerId, remoteAddress };
  }

  /** Whether a client still stands behind it. */
  get live(): boolean {
    return !this.released && !this.ended;
  }

  get isOpen(): boolean {
    return this.opened !== undefined;
  }

  /** Whether no link carries it at the moment. */
  get isUnlinked(): boolean {
    return this.link === undefined;
  }

  isOn(link: Link): boolean {
    return this.link === link;
  }

  /** The media node has opened or resumed the session; goes on from what it has of this channel. */
  linked(link: Link, opened: Opened): void {
    this.link = link;
    this.opened = opened;
    this.queue.acknowledge(opened.lastUpSeq);
    for (const entry of this.queue.pending()) this.transmit(entry);
    this.finishWhenTold();
  }

  /** Frames of this link are for this session from now on, also before `linked`. */
  expectOn(link: Link): void {
    this.link = link;
  }

  linkLost(): void {
    this.link = undefined;
  }

  // From the media node.

  receive(seq: number, message: ProtooMessage): void {
    if (this.ended || seq <= this.receivedSeq) return;
    this.receivedSeq = seq;
    if (!this.released) this.options.downlink.deliver(seq, message);
  }

  confirmed(upSeq: number): void {
    this.queue.acknowledge(upSeq);
    this.finishWhenTold();
  }

  /** The session is over: the media node said so, or is gone. */
  end(close: SessionClose): void {
    if (this.ended) return;
    this.ended = true;
    this.ackTimer?.cancel();
    this.options.onEnded(this);
    if (!this.released) this.options.downlink.closed(close);
  }

  // From the client.

  send(message: ProtooMessage): void {
    if (!this.live) return;
    const refusal = this.submit({ kind: 'message', message });
    if (!refusal) return;
    const error =
      refusal === 'too-large'
        ? new FleetError('FLEET_ERR_MESSAGE_TOO_LARGE')
        : new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: 'too many messages wait for the node' });
    // The client goes, and the media node learns it: there the session is as alive as before.
    this.leave();
    this.options.downlink.closed(sessionCloseFor(error));
  }

  acknowledge(seq: number): void {
    if (!this.live) return;
    this.acknowledgedSeq = Math.max(this.acknowledgedSeq, seq);
    this.ackTimer ??= this.options.clock.setTimer(ACK_INTERVAL_MS, () => {
      this.ackTimer = undefined;
      this.link?.send({ t: 'downAck', channel: this.channel, seq: this.acknowledgedSeq });
    });
  }

  detach(): void {
    this.release('detach');
  }

  leave(): void {
    this.release('leave');
  }

  private release(kind: 'detach' | 'leave'): void {
    if (!this.live) return;
    this.released = true;
    this.ackTimer?.cancel();
    this.submit({ kind });
  }

  private submit(body: Upstream): PushRefusal | undefined {
    const entry = this.queue.push(body);
    if (typeof entry === 'string') return entry;
    this.transmit(entry);
    return undefined;
  }

  private transmit(entry: { upSeq: number; body: Upstream }): void {
    if (!this.opened) return;
    this.link?.send({ t: 'up', channel: this.channel, ...entry });
  }

  private finishWhenTold(): void {
    if (!this.released || !this.queue.isEmpty || this.ended) return;
    this.ended = true;
    this.ackTimer?.cancel();
    this.options.onEnded(this);
  }
}
