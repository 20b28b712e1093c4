import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock';
import type { ConnectionKind, GatewayTarget, GatewayTargets } from './gateway-targets';

export interface FrontConnectionOptions {
  client: Socket;
  targets: GatewayTargets;
  clock: Clock;
  /** How long one gateway may take to accept, milliseconds. */
  connectTimeoutMs: number;
  /** Called once, when both sides are closed. */
  onClosed: () => void;
}

/** Enough for a request's head; what is longer is passed on unsorted. */
const MAX_HEAD_BYTES = 16_384;
/** A head that arrives in pieces is awaited this long, then the connection counts as any other. */
const HEAD_TIMEOUT_MS = 2_000;

/**
 * One client's connection to one gateway. The gateway is chosen when the request's head is there (a browser opens
 * spare connections that stay silent); from then on bytes pass both ways unread, each side's end of data reaches the
 * other side, and an error on one side ends both.
 */
export class FrontConnection {
  private readonly client: Socket;
  private upstream: Socket | undefined;
  private headTimer: Timer | undefined;
  private ended = false;

  constructor(private readonly options: FrontConnectionOptions) {
    this.client = options.client;
  }

  start(): void {
    this.client.on('error', () => this.client.destroy());
    this.client.once('close', () => this.sideClosed(this.client, this.upstream));
    const pieces: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => {
      this.headTimer?.cancel();
      this.client.off('data', onData);
      this.client.off('end', finish);
      this.client.pause();
      const head = Buffer.concat(pieces);
      this.connectToGateway(this.options.targets.candidates(kindOf(head)), head);
    };
    const onData = (piece: Buffer): void => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= MAX_HEAD_BYTES || Buffer.concat(pieces).includes('\r\n\r\n')) return finish();
      this.headTimer ??= this.options.clock.setTimer(HEAD_TIMEOUT_MS, finish);
    };
    this.client.on('data', onData);
    this.client.on('end', finish);
  }

  /** Cuts both sides. Idempotent. */
  close(): void {
    this.client.destroy();
    this.upstream?.destroy();
    this.end();
  }

  private connectToGateway(candidates: GatewayTarget[], head: Buffer): void {
    if (this.ended) return;
    const [candidate, ...others] = candidates;
    // Nothing was asked, or, as with an NLB, there is nobody to ask.
    if (!candidate || head.length === 0) return this.cut(this.client);
    const upstream = connect({ ...candidate.address, allowHalfOpen: true, noDelay: true });
    this.upstream = upstream;
    const timer = this.options.clock.setTimer(this.options.connectTimeoutMs, () => upstream.destroy());
    const onRefused = (): void => {
      timer.cancel();
      if (this.client.destroyed) return this.end();
      this.options.targets.reportRefused(candidate);
      this.connectToGateway(others, head);
    };
    upstream.on('error', () => upstream.destroy());
    upstream.once('close', onRefused);
    upstream.once('connect', () => {
      timer.cancel();
      upstream.off('close', onRefused);
      upstream.once('close', () => this.sideClosed(upstream, this.client));
      upstream.write(head);
      this.client.pipe(upstream);
      upstream.pipe(this.client);
    });
  }

  /** `pipe` hands on a proper end of data; a cut must look like a cut on the other side too. */
  private sideClosed(side: Socket, other: Socket | undefined): void {
    const proper = side.readableEnded && side.writableFinished;
    if (other && !other.destroyed) {
      // After a proper end the other side may still be sending what it has; it closes when that is done.
      if (!proper || other.connecting) this.cut(other);
      return;
    }
    this.end();
  }

  private cut(side: Socket): void {
    if (side.connecting) side.destroy();
    else side.resetAndDestroy();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.headTimer?.cancel();
    this.options.onClosed();
  }
}

function kindOf(head: Buffer): ConnectionKind {
  return /^upgrade:[ \t]*websocket/im.test(head.toString('latin1')) ? 'websocket' : 'other';
}
