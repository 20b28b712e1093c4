import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import type {
  HeartbeatReply,
  NodeHeartbeat,
  NodeRecord,
  PlacementPort,
} from '../../core/placement/placement-port';
import type { NodeCommandPort } from '../../core/protocol/node-commands';
import type { LinkHub } from '../link/link-hub';

export interface HeartbeatDetourOptions {
  /** This node. */
  nodeId: string;
  placement: Pick<PlacementPort, 'heartbeat' | 'retire' | 'findNode' | 'listNodes'>;
  /** Whether there is a connection to Redis, which may be a stalled one. */
  isConnected: () => boolean;
  hub: Pick<LinkHub, 'connect'>;
  commands: NodeCommandPort;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

interface OtherNode {
  nodeId: string;
  linkAddress: string;
}

/**
 * Between two looks at who else there is, milliseconds: all records of the fleet are read for it. With each heartbeat while
 * nobody else is known, as on nodes that start together.
 */
const LOOK_AROUND_EVERY_MS = 60_000;
/** So many others are remembered: where half the fleet has lost Redis, one of them reaches it in 255 of 256 cases. */
const REMEMBERED = 8;

/**
 * A node that does not reach Redis, while others do, would lose its rooms although it is well and everybody reaches it:
 * who comes later would be placed elsewhere, and neither half of the call hear of the other. So another node passes its
 * heartbeats on. When Redis is away for all, nobody can.
 */
export class HeartbeatDetour implements Pick<PlacementPort, 'heartbeat' | 'retire' | 'findNode'> {
  readonly #options: HeartbeatDetourOptions;
  /** The first one is asked. */
  #others: OtherNode[] = [];
  #lookAgainAtMs = Number.NEGATIVE_INFINITY;
  /** A heartbeat failed over a connection that stands. */
  #isStalled = false;
  #isLooking = false;
  #isOnDetour = false;

  constructor(options: HeartbeatDetourOptions) {
    this.#options = options;
  }

  /** Each heartbeat goes one way only: it may have been taken though it failed, and a second time it says nothing new. */
  async heartbeat(heartbeat: NodeHeartbeat): Promise<HeartbeatReply> {
    const isDirect = this.#options.isConnected() && !this.#isStalled;
    const other = isDirect ? undefined : this.#others[0];
    return other === undefined ? this.#direct(heartbeat) : this.#by(other, heartbeat);
  }

  async retire(nodeId: string): Promise<void> {
    return this.#options.placement.retire(nodeId);
  }

  async findNode(nodeId: string): Promise<NodeRecord | undefined> {
    return this.#options.placement.findNode(nodeId);
  }

  async #direct(heartbeat: NodeHeartbeat): Promise<HeartbeatReply> {
    try {
      const reply = await this.#options.placement.heartbeat(heartbeat);
      this.#isStalled = false;
      if (this.#isOnDetour) this.#options.logger.info('heartbeats reach Redis by themselves again');
      this.#isOnDetour = false;
      this.#lookAround();
      return reply;
    } catch (error) {
      this.#isStalled = true;
      throw error;
    }
  }

  async #by({ nodeId, linkAddress }: OtherNode, heartbeat: NodeHeartbeat): Promise<HeartbeatReply> {
    const { hub, commands, logger } = this.#options;
    this.#lookForRedis();
    try {
      // Without a link a command would look for the node in Redis.
      await hub.connect(nodeId, linkAddress);
      const reply = await commands.command(nodeId, 'passHeartbeat', heartbeat);
      if (!this.#isOnDetour) {
        logger.warn({ passedBy: nodeId }, 'Redis is not reached: another node passes heartbeats on');
      }
      this.#isOnDetour = true;
      return reply;
    } catch (error) {
      // The next heartbeat asks another one.
      this.#others = [...this.#others.filter((one) => one.nodeId !== nodeId), { nodeId, linkAddress }];
      throw error;
    }
  }

  /** A question to Redis on the side, so that no heartbeat has to wait in vain to find out. */
  #lookForRedis(): void {
    const { placement, nodeId, isConnected, logger } = this.#options;
    if (this.#isLooking || !isConnected()) return;
    this.#isLooking = true;
    placement
      .findNode(nodeId)
      .then(() => {
        this.#isStalled = false;
      })
      .catch((error: unknown) => logger.debug({ err: error }, 'Redis is still not reached'))
      .finally(() => {
        this.#isLooking = false;
      });
  }

  #lookAround(): void {
    const { placement, clock, random, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#lookAgainAtMs) return;
    this.#lookAgainAtMs = nowMs + LOOK_AROUND_EVERY_MS * (0.5 + random());
    placement
      .listNodes()
      .then((nodes) => {
        const alive = nodes.filter((node) => node.alive && node.nodeId !== this.#options.nodeId);
        const from = Math.floor(random() * alive.length);
        // Not the same ones for every node of the fleet.
        this.#others = [...alive.slice(from), ...alive.slice(0, from)].slice(0, REMEMBERED);
        if (alive.length === 0) this.#lookAgainAtMs = nowMs;
      })
      .catch((error: unknown) => logger.debug({ err: error }, 'the other nodes could not be listed'));
  }
}
