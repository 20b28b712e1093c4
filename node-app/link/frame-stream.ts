import type { Duplex } from 'node:stream';
import { FleetError } from '../../core/errors';
import { MAX_LINK_FRAME_BYTES } from '../../core/protocol/link';

/** Bytes that may wait to be sent; a peer that doesn't read for so long is as good as dead. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
const HEADER_BYTES = 4;

export interface FrameStreamHandlers {
  onFrame(frame: unknown): void;
  /** The stream is unusable and was destroyed. Called once. */
  onClose(reason: string): void;
}

/** Length-prefixed JSON over a duplex stream, with bounds in both directions. */
export class FrameStream {
  private chunks: Buffer[] = [];
  private available = 0;
  private closedReason: string | undefined;
  private handlers: FrameStreamHandlers | undefined;
  private held = false;

  constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => this.receive(chunk));
    stream.on('error', (error: Error & { code?: string }) => this.close(error.code ?? error.message));
    stream.on('close', () => this.close('closed by the other side'));
    stream.on('end', () => this.close('closed by the other side'));
    // Nothing is read before somebody listens.
    stream.pause();
  }

  start(handlers: FrameStreamHandlers): void {
    this.handlers = handlers;
    if (this.closedReason !== undefined) handlers.onClose(this.closedReason);
    else this.stream.resume();
  }

  /** Keeps what comes until `handOver`: for a reader that changes after a frame, but not in the same tick. */
  hold(): void {
    this.held = true;
    this.stream.pause();
  }

  /** Another reader from the next frame on. */
  handOver(handlers: FrameStreamHandlers): void {
    this.handlers = handlers;
    if (!this.held) return;
    this.held = false;
    this.drain();
    if (!this.closed) this.stream.resume();
  }

  get closed(): boolean {
    return this.closedReason !== undefined;
  }

  /** @throws FleetError FLEET_ERR_MESSAGE_TOO_LARGE; on a closed stream nothing happens */
  send(frame: unknown): void {
    if (this.closed) return;
    const body = Buffer.from(JSON.stringify(frame), 'utf8');
    if (body.length > MAX_LINK_FRAME_BYTES) {
      throw new FleetError('FLEET_ERR_MESSAGE_TOO_LARGE', { message: 'too large for a node link' });
    }
    const packet = Buffer.allocUnsafe(HEADER_BYTES + body.length);
    packet.writeUInt32BE(body.length, 0);
    body.copy(packet, HEADER_BYTES);
    this.stream.write(packet);
    if (this.stream.writableLength > MAX_UNSENT_BYTES) this.close('the other side does not read');
  }

  /** Nothing more in either direction; what is written is sent, and then the other side closes. */
  end(reason: string): void {
    if (this.closed) return;
    this.stream.end();
    this.finish(reason);
  }

  /** After `end`: resolves once the connection is gone. */
  ended(): Promise<void> {
    if (this.stream.closed) return Promise.resolve();
    return new Promise((resolve) => this.stream.once('close', () => resolve()));
  }

  /** Whatever state it is in, nothing is left of it. */
  destroy(): void {
    this.stream.destroy();
  }

  close(reason: string): void {
    if (this.closed) return;
    this.stream.destroy();
    this.finish(reason);
  }

  private finish(reason: string): void {
    this.closedReason = reason;
    this.chunks = [];
    this.handlers?.onClose(reason);
  }

  private receive(chunk: Buffer): void {
    if (this.closed) return;
    this.chunks.push(chunk);
    this.available += chunk.length;
    this.drain();
  }

  private drain(): void {
    while (!this.held) {
      const length = this.frameLength();
      if (length === undefined) return;
      if (length > MAX_LINK_FRAME_BYTES) return this.close('a frame is too large');
      if (this.available < HEADER_BYTES + length) return;
      const body = this.take(HEADER_BYTES + length).toString('utf8', HEADER_BYTES);
      let frame: unknown;
      try {
        frame = JSON.parse(body);
      } catch {
        return this.close('a frame is not JSON');
      }
      this.handlers?.onFrame(frame);
      if (this.closed) return;
    }
  }

  private frameLength(): number | undefined {
    if (this.available < HEADER_BYTES) return undefined;
    const first = this.chunks[0];
    if (first && first.length >= HEADER_BYTES) return first.readUInt32BE(0);
    this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0]?.readUInt32BE(0);
  }

  private take(bytes: number): Buffer {
    const first = this.chunks[0];
    const whole = first && first.length >= bytes ? first : Buffer.concat(this.chunks);
    if (whole !== first) this.chunks = [whole];
    this.available -= bytes;
    const rest = whole.subarray(bytes);
    if (rest.length > 0) this.chunks[0] = rest;
    else this.chunks.shift();
    return whole.subarray(0, bytes);
  }
}
