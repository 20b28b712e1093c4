import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import {
  LINK_VERSIONS,
  handshakeFrameSchema,
  judgeHello,
  type HandshakeFrame,
  type LinkHello,
  type LinkRefuse,
} from '../../core/protocol/link';
import { FrameStream } from './frame-stream';
import { Link, type LinkHandlers } from './link';
import { parseLinkAddress, type LinkAddress } from './link-address';
import type { LinkKeys } from './link-secrets';
import { dialLink, listenForLinks, type LinkListener } from './link-transport';
import { NodeUnreachableError } from './node-unreachable-error';

/** One attempt to dial, from the first packet to `welcome`, milliseconds. */
const DIAL_TIMEOUT_MS = 2_000;
/** The same through a tunnel: nine round trips, of up to 0.4 s between the regions farthest apart. */
const TUNNEL_DIAL_TIMEOUT_MS = 6_000;
/** How long a dialer that was refused as a duplicate waits for the other node's own dial, milliseconds. */
const DUPLICATE_WAIT_MS = 400;
/** Tries after such a wait; together longer than the silence after which the other node drops a dead link. */
const DUPLICATE_TRIES = 10;
/** For this long after a dial found nobody, further ones are answered from memory, milliseconds. */
const DEAD_MEMORY_MS = 500;
/** Time for the other nodes to take what was sent before this one stops, milliseconds. */
const GOODBYE_MS = 300;
/** Lost links whose ids are kept to be named in the next dial. */
const MAX_LOST_REMEMBERED = 1_000;

export interface LinkHubOptions {
  nodeId: string;
  release: string;
  listenHost: string;
  /** 0: any free port. */
  listenPort: number;
  keys: LinkKeys;
  handlers: LinkHandlers;
  clock: Clock;
  logger: Logger;
  /** Versions of the link protocol to speak. @default LINK_VERSIONS */
  versions?: { min: number; max: number };
}

/** A dial in progress; whoever else wants the same node waits for it too. */
interface Dialing {
  promise: Promise<Link>;
  /** The other node's dial won: its link is the result. */
  superseded(link: Link): void;
  abort(): void;
}

/** All links of this node: exactly one per other node, whoever dialed it. */
export class LinkHub {
  readonly instanceId = randomBytes(9).toString('base64url');
  private readonly links = new Map<string, Link>();
  private readonly dialing = new Map<string, Dialing>();
  private readonly lastLostLinkId = new Map<string, string>();
  private readonly foundDeadAtMs = new Map<string, number>();
  private readonly handshakes = new Set<FrameStream>();
  private listener: LinkListener | undefined;
  /** Ends the waits that a stop need not wait for. */
  private readonly goodbyes = new AbortController();
  private stopping = false;

  constructor(private readonly options: LinkHubOptions) {}

  /** Begins to listen, and says on which port. */
  async listen(): Promise<number> {
    const { listenHost, listenPort, keys, logger } = this.options;
    this.listener = await listenForLinks({
      host: listenHost,
      port: listenPort,
      keys,
      onSocket: (socket) => this.greet(new FrameStream(socket)),
      onStranger: (address, reason) => logger.warn({ address, reason }, 'link refused: no shared secret'),
    });
    return this.listener.port;
  }

  /** A connection that came through a tunnel, in place of one to the port. */
  take(stream: Duplex): void {
    if (this.listener === undefined || this.stopping) stream.destroy();
    else this.listener.take(stream);
  }

  /** The open link to a node, if there is one. */
  find(nodeId: string): Link | undefined {
    return this.links.get(nodeId);
  }

  /** How many links are being dialed, and are open. */
  figures(): { connecting: number; connected: number } {
    return { connecting: this.dialing.size, connected: this.links.size };
  }

  /** The link to a node, dialed if need be. @throws NodeUnreachableError */
  connect(nodeId: string, address: string): Promise<Link> {
    const open = this.links.get(nodeId);
    if (open) return Promise.resolve(open);
    const inProgress = this.dialing.get(nodeId);
    if (inProgress) return inProgress.promise;
    if (this.stopping) return Promise.reject(unreachable(nodeId, 'this node is stopping'));
    const foundDead = this.foundDeadAtMs.get(nodeId);
    if (foundDead !== undefined && this.options.clock.monotonicMs() - foundDead < DEAD_MEMORY_MS) {
      return Promise.reject(dead(nodeId, 'nobody listened a moment ago'));
    }
    this.foundDeadAtMs.delete(nodeId);
    return this.beginDial(nodeId, address);
  }

  /** Ends every link and takes no new ones. Idempotent. */
  async close(): Promise<void> {
    this.stopping = true;
    for (const stream of this.handshakes) stream.close('stopping');
    const dials = [...this.dialing.values()];
    for (const dial of dials) dial.abort();
    const links = [...this.links.values()];
    // The last frames say how each session ended; without them its gateway would have to guess.
    const gone = Promise.all(links.map((link) => link.end('stopping')));
    await Promise.race([gone, this.wait(GOODBYE_MS, this.goodbyes.signal)]);
    this.goodbyes.abort();
    for (const link of links) link.destroy();
    await this.listener?.close();
    this.listener = undefined;
    await Promise.allSettled(dials.map(({ promise }) => promise));
  }

  private beginDial(nodeId: string, address: string): Promise<Link> {
    let superseded: (link: Link) => void = () => undefined;
    const aborted = new AbortController();
    const overtaken = new Promise<Link>((resolve) => {
      superseded = (link) => {
        resolve(link);
        aborted.abort();
      };
    });
    const promise = Promise.race([overtaken, this.dial(nodeId, address, aborted.signal)])
      .catch((error: unknown) => {
        if (error instanceof NodeUnreachableError && error.evidence === 'dead') {
          this.rememberDead(nodeId);
          this.lastLostLinkId.delete(nodeId);
        }
        throw error;
      })
      .finally(() => this.dialing.delete(nodeId));
    this.dialing.set(nodeId, { promise, superseded, abort: () => aborted.abort() });
    return promise;
  }

  private async dial(nodeId: string, address: string, signal: AbortSignal): Promise<Link> {
    const target = parseLinkAddress(address);
    if (!target) throw unreachable(nodeId, `its link address is not valid: ${address.slice(0, 100)}`);
    for (let attempt = 0; attempt < DUPLICATE_TRIES; attempt += 1) {
      const link = await this.dialOnce(nodeId, target, signal);
      if (link) return link;
      // The other node holds, or is about to have, a link: it comes, or it is found to be dead.
      await this.wait(DUPLICATE_WAIT_MS, signal);
      const incoming = this.links.get(nodeId);
      if (incoming) return incoming;
      if (signal.aborted || this.stopping) break;
    }
    throw unreachable(nodeId, 'it holds another link for alive');
  }

  /** One attempt: a link, or undefined when refused as a duplicate. */
  private async dialOnce(
    nodeId: string,
    address: LinkAddress,
    signal: AbortSignal,
  ): Promise<Link | undefined> {
    const { clock, keys } = this.options;
    const dial = dialLink({ address, keys, nowMs: clock.nowMs() });
    const onAbort = () => dial.abort();
    signal.addEventListener('abort', onAbort);
    const timeoutMs = address.kind === 'tunnel' ? TUNNEL_DIAL_TIMEOUT_MS : DIAL_TIMEOUT_MS;
    const timer = clock.setTimer(timeoutMs, () => dial.abort());
    let stream: FrameStream | undefined;
    try {
      stream = new FrameStream(await dial.socket);
      const linkId = randomBytes(9).toString('base64url');
      const answer = await this.shake(stream, this.helloTo(nodeId, linkId));
      if (answer.t === 'refuse') {
        stream.close('refused');
        return this.refused(nodeId, answer);
      }
      if (answer.t !== 'welcome' || answer.nodeId !== nodeId) {
        stream.close('wrong node');
        throw dead(nodeId, 'another node answers at its address');
      }
      // Between the other node's `welcome` and here its own dial may have been accepted instead.
      const existing = this.links.get(nodeId);
      if (existing || signal.aborted || this.stopping) {
        stream.close('superseded');
        return existing;
      }
      return this.establish(stream, { ...answer, linkId });
    } catch (error) {
      stream?.close('the handshake failed');
      if (error instanceof NodeUnreachableError) throw error;
      throw address.kind === 'tunnel' ? tunnelFault(nodeId, error) : evidenceOf(nodeId, error);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  private refused(nodeId: string, answer: LinkRefuse): undefined {
    switch (answer.reason) {
      case 'duplicate':
        return undefined;
      case 'wrong-node':
        throw dead(nodeId, 'another node answers at its address');
      case 'stopping':
        // By its own word: it ends its sessions, and takes none any more.
        throw dead(nodeId, 'it is stopping');
      case 'version': {
        const { min, max } = this.options.versions ?? LINK_VERSIONS;
        throw unreachable(
          nodeId,
          `no common version of the link: this node speaks ${min} to ${max}, that one ${answer.min} to ${answer.max}`,
        );
      }
    }
  }

  private helloTo(target: string, linkId: string): LinkHello {
    const { nodeId, release, versions = LINK_VERSIONS } = this.options;
    const replaces = this.lastLostLinkId.get(target);
    const { instanceId } = this;
    return { t: 'hello', ...versions, nodeId, instanceId, release, linkId, target, replaces };
  }

  /** Sends `hello` and reads the answer to it. */
  private shake(stream: FrameStream, hello: LinkHello): Promise<HandshakeFrame> {
    return new Promise((resolve, reject) => {
      stream.start({
        onFrame: (raw) => {
          // What follows is for the link, which exists only when this promise has been awaited.
          stream.hold();
          const parsed = handshakeFrameSchema.safeParse(raw);
          if (parsed.success) resolve(parsed.data);
          else reject(new Error('the answer to hello is not valid'));
        },
        onClose: (reason) => reject(new Error(reason)),
      });
      stream.send(hello);
    });
  }

  /** Waits for the first frame of a dialer and judges it. */
  private greet(stream: FrameStream): void {
    this.handshakes.add(stream);
    const timer = this.options.clock.setTimer(DIAL_TIMEOUT_MS, () => stream.close('no hello'));
    const done = () => {
      timer.cancel();
      this.handshakes.delete(stream);
    };
    stream.start({
      onFrame: (raw) => {
        done();
        const parsed = handshakeFrameSchema.safeParse(raw);
        if (parsed.success && parsed.data.t === 'hello') this.answer(stream, parsed.data);
        else stream.close('not a hello');
      },
      onClose: done,
    });
  }

  private answer(stream: FrameStream, hello: LinkHello): void {
    const { nodeId, release, versions = LINK_VERSIONS, logger } = this.options;
    const existing = this.links.get(hello.nodeId);
    const dialing = this.dialing.get(hello.nodeId);
    const verdict = judgeHello({
      ownNodeId: nodeId,
      hello,
      existing,
      dialing: dialing !== undefined,
      stopping: this.stopping,
      versions,
    });
    if (!verdict.accept) {
      logger.info({ peerNodeId: hello.nodeId, reason: verdict.reason }, 'link refused');
      stream.send({ t: 'refuse', reason: verdict.reason, ...versions, message: '' } satisfies LinkRefuse);
      stream.end(verdict.reason);
      return;
    }
    if (verdict.replace) existing?.close('replaced');
    stream.send({ t: 'welcome', version: verdict.version, nodeId, instanceId: this.instanceId, release });
    const link = this.establish(stream, { ...hello, version: verdict.version });
    dialing?.superseded(link);
  }

  private establish(
    stream: FrameStream,
    other: { nodeId: string; instanceId: string; release: string; linkId: string; version: number },
  ): Link {
    const { clock, handlers, logger } = this.options;
    const link = new Link({
      nodeId: other.nodeId,
      instanceId: other.instanceId,
      release: other.release,
      linkId: other.linkId,
      version: other.version,
      stream,
      clock,
      logger,
      handlers: {
        onCall: (from, call, params) => handlers.onCall(from, call, params),
        onSessionFrame: (from, frame) => handlers.onSessionFrame(from, frame),
        onClose: (closed, reason) => this.lost(closed, reason),
      },
    });
    this.links.set(link.nodeId, link);
    this.lastLostLinkId.delete(link.nodeId);
    this.foundDeadAtMs.delete(link.nodeId);
    logger.info({ peerNodeId: link.nodeId, linkId: link.linkId }, 'link established');
    link.start();
    return link;
  }

  private lost(link: Link, reason: string): void {
    if (this.links.get(link.nodeId) === link) {
      this.links.delete(link.nodeId);
      this.rememberLost(link);
    }
    this.options.logger.info({ peerNodeId: link.nodeId, linkId: link.linkId, reason }, 'link closed');
    this.options.handlers.onClose(link, reason);
  }

  private rememberDead(nodeId: string): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const [other, foundMs] of this.foundDeadAtMs) {
      if (nowMs - foundMs >= DEAD_MEMORY_MS) this.foundDeadAtMs.delete(other);
    }
    this.foundDeadAtMs.set(nodeId, nowMs);
  }

  private rememberLost(link: Link): void {
    this.lastLostLinkId.delete(link.nodeId);
    this.lastLostLinkId.set(link.nodeId, link.linkId);
    const oldest = this.lastLostLinkId.keys().next().value;
    if (this.lastLostLinkId.size > MAX_LOST_REMEMBERED && oldest !== undefined)
      this.lastLostLinkId.delete(oldest);
  }

  private wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', settle);
        resolve();
      };
      const timer: Timer = this.options.clock.setTimer(delayMs, settle);
      signal.addEventListener('abort', settle);
    });
  }
}

function dead(nodeId: string, message: string): NodeUnreachableError {
  return new NodeUnreachableError({ nodeId, evidence: 'dead', message: `node ${nodeId}: ${message}` });
}

function unreachable(nodeId: string, message: string): NodeUnreachableError {
  return new NodeUnreachableError({ nodeId, evidence: 'unreachable', message: `node ${nodeId}: ${message}` });
}

/** Whatever goes wrong on the way to another region says nothing about the node there. */
function tunnelFault(nodeId: string, cause: unknown): NodeUnreachableError {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string };
  return new NodeUnreachableError({
    nodeId,
    evidence: 'unreachable',
    message: `node ${nodeId}: ${[code, message].filter(Boolean).join(' ') || 'not reachable'}`,
    cause,
  });
}

/** Only a refused connection proves that nobody is there; everything else may be the network. */
function evidenceOf(nodeId: string, error: unknown): NodeUnreachableError {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code === 'ECONNREFUSED') return dead(nodeId, 'its link port refuses connections');
  return unreachable(nodeId, code ?? message ?? 'not reachable');
}
