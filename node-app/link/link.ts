import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import {
  LINK_PING_INTERVAL_MS,
  LINK_SILENCE_MS,
  linkFrameSchema,
  type LinkCall,
  type LinkFrame,
} from '../../core/protocol/link';
import type { FrameStream } from './frame-stream';
import { NodeUnreachableError } from './node-unreachable-error';

/** Calls that may wait for their answer at once, in each direction. */
const MAX_PENDING_CALLS = 10_000;
/** How often a link is looked at, so that a silence is noticed when it has lasted long enough, milliseconds. */
const CHECK_INTERVAL_MS = 250;

export type SessionFrame = Exclude<LinkFrame, { t: 'ping' | 'call' | 'result' | 'error' }>;

export interface LinkHandlers {
  /** Answers a call of the other node. @throws FleetError */
  onCall(link: Link, call: LinkCall, params: unknown): Promise<unknown>;
  onSessionFrame(link: Link, frame: SessionFrame): void;
  onClose(link: Link, reason: string): void;
}

export interface LinkOptions {
  /** The node at the other end. */
  nodeId: string;
  /** Changes with each start of that node's process. */
  instanceId: string;
  release: string;
  linkId: string;
  /** Of the link protocol, as both speak it. */
  version: number;
  stream: FrameStream;
  handlers: LinkHandlers;
  clock: Clock;
  logger: Logger;
}

interface PendingCall {
  resolve: (data: unknown) => void;
  reject: (error: FleetError) => void;
  timer: Timer;
}

/** An established connection to another node: calls with answers, session frames, and a keepalive. */
export class Link {
  readonly nodeId: string;
  readonly instanceId: string;
  readonly linkId: string;
  readonly version: number;
  private readonly calls = new Map<number, PendingCall>();
  private readonly pings: Timer;
  private readonly checks: Timer;
  private nextCallId = 1;
  private servedCalls = 0;
  private lastHeardMs: number;
  private lastCheckMs: number;
  private isClosed = false;

  constructor(private readonly options: LinkOptions) {
    this.nodeId = options.nodeId;
    this.instanceId = options.instanceId;
    this.linkId = options.linkId;
    this.version = options.version;
    this.lastHeardMs = this.lastCheckMs = options.clock.monotonicMs();
    this.pings = options.clock.setRepeating(LINK_PING_INTERVAL_MS, () =>
      options.stream.send({ t: 'ping' } satisfies LinkFrame),
    );
    this.checks = options.clock.setRepeating(CHECK_INTERVAL_MS, () => this.checkAlive());
  }

  /** Begins to read; apart from the constructor, so that handlers find the link in its owner's books. */
  start(): void {
    this.options.stream.handOver({
      onFrame: (frame) => this.receive(frame),
      onClose: (reason) => this.finish(reason),
    });
    if (this.options.stream.closed) this.finish('closed by the other side');
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** @throws FleetError what the other node answered, or FLEET_ERR_NODE_UNREACHABLE */
  call(call: LinkCall, params: unknown, timeoutMs: number): Promise<unknown> {
    if (this.isClosed) return Promise.reject(this.unreachable('the link is closed'));
    if (this.calls.size >= MAX_PENDING_CALLS) {
      return Promise.reject(
        new FleetError('FLEET_ERR_RATE_LIMITED', { message: 'too many calls to this node' }),
      );
    }
    const id = this.nextCallId++;
    return new Promise((resolve, reject) => {
      const timer = this.options.clock.setTimer(timeoutMs, () => {
        this.calls.delete(id);
        reject(this.unreachable(`no answer to ${call} in ${timeoutMs} ms`));
      });
      this.calls.set(id, { resolve, reject, timer });
      try {
        this.options.stream.send({ t: 'call', id, call, params } satisfies LinkFrame);
      } catch (error) {
        timer.cancel();
        this.calls.delete(id);
        reject(FleetError.from(error));
      }
    });
  }

  /** @throws FleetError FLEET_ERR_MESSAGE_TOO_LARGE */
  send(frame: SessionFrame): void {
    this.options.stream.send(frame);
  }

  close(reason: string): void {
    this.options.stream.close(reason);
  }

  /** Closes once the other node has what was sent; resolves then. */
  async end(reason: string): Promise<void> {
    this.options.stream.end(reason);
    await this.options.stream.ended();
  }

  /** Closes at once, whatever is still to be sent. */
  destroy(): void {
    this.options.stream.destroy();
  }

  private receive(raw: unknown): void {
    this.lastHeardMs = this.options.clock.monotonicMs();
    const parsed = linkFrameSchema.safeParse(raw);
    if (!parsed.success) {
      // The other end is a node of ours: a frame that is not valid means that both misunderstand each other.
      this.close(`a frame is not valid: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
      return;
    }
    const frame = parsed.data;
    switch (frame.t) {
      case 'ping':
        return;
      case 'call':
        void this.serve(frame.id, frame.call, frame.params);
        return;
      case 'result':
        this.settle(frame.id, (pending) => pending.resolve(frame.data));
        return;
      case 'error':
        this.settle(frame.id, (pending) =>
          pending.reject(new FleetError(frame.error.code, { ...frame.error })),
        );
        return;
      default:
        this.options.handlers.onSessionFrame(this, frame);
    }
  }

  private settle(id: number, outcome: (pending: PendingCall) => void): void {
    const pending = this.calls.get(id);
    if (!pending) return;
    this.calls.delete(id);
    pending.timer.cancel();
    outcome(pending);
  }

  /** Never rejects: every outcome is an answer. */
  private async serve(id: number, call: LinkCall, params: unknown): Promise<void> {
    const { stream } = this.options;
    this.servedCalls += 1;
    try {
      if (this.servedCalls > MAX_PENDING_CALLS) throw new FleetError('FLEET_ERR_RATE_LIMITED');
      const data = await this.options.handlers.onCall(this, call, params);
      stream.send({ t: 'result', id, ok: true, data: data ?? null } satisfies LinkFrame);
    } catch (error) {
      const fleetError = FleetError.from(error);
      if (fleetError.code === 'FLEET_ERR_INTERNAL') {
        this.options.logger.error(
          { err: error, call, peerNodeId: this.nodeId },
          'call from another node failed',
        );
      }
      stream.send({ t: 'error', id, error: fleetError.toJSON() } satisfies LinkFrame);
    } finally {
      this.servedCalls -= 1;
    }
  }

  private checkAlive(): void {
    const nowMs = this.options.clock.monotonicMs();
    const checkedLate = nowMs - this.lastCheckMs > 2 * CHECK_INTERVAL_MS;
    this.lastCheckMs = nowMs;
    // When this process itself stood still, what came meanwhile is not read yet: judge at the next check.
    if (!checkedLate && nowMs - this.lastHeardMs > LINK_SILENCE_MS) this.close('silent');
  }

  private finish(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.pings.cancel();
    this.checks.cancel();
    const error = this.unreachable(`the link broke: ${reason}`);
    for (const pending of this.calls.values()) {
      pending.timer.cancel();
      pending.reject(error);
    }
    this.calls.clear();
    this.options.handlers.onClose(this, reason);
  }

  private unreachable(message: string): NodeUnreachableError {
    return new NodeUnreachableError({ nodeId: this.nodeId, evidence: 'unreachable', message });
  }
}
