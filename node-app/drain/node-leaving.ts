import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { PlacementPort } from '../../core/placement/placement-port';
import type { Gateway } from '../gateway/gateway';
import type { MediaNode } from '../media/media-node';
import type { NodeMetrics } from '../metrics/node-metrics';
import type { NodeStatus } from '../node-status';
import type { LocalSessionHost } from '../session/local-session-host';
import { DrainMover } from './drain-mover';
import { GatewayDrain } from './gateway-drain';
import { MigratingMover } from './migrating-mover';
import { ReconnectMover } from './reconnect-mover';
import { RoomMigrations, type RoomMigrationCounts, type RoomMigrationRequest } from './room-migrations';

export interface NodeLeavingOptions {
  nodeId: string;
  status: NodeStatus;
  media: MediaNode;
  sessions: LocalSessionHost;
  gateway: Gateway;
  placement: Pick<PlacementPort, 'placePeer' | 'releaseClaim'>;
  metrics: Pick<NodeMetrics, 'moveRefused'>;
  /** Resolves once placement has heard of this node's state, or could not be told. Never rejects. */
  beat: () => Promise<void>;
  /** Joins that another node takes in a second. */
  joinsPerSecond: number;
  clock: Clock;
  /** What drains are told on. */
  deadlineClock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** How people get from this node to others: drains of its rooms and of its gateway, and rooms that an operator moves. */
export class NodeLeaving {
  readonly #drainMover: DrainMover;
  readonly #gatewayDrain: GatewayDrain;
  readonly #roomMigrations: RoomMigrations;

  constructor(options: NodeLeavingOptions) {
    const { status, media, sessions, gateway, metrics, joinsPerSecond, deadlineClock } = options;
    const { nodeId, placement, clock, random, logger } = options;
    const onNoCapacity = () => metrics.moveRefused();
    const fallback = new ReconnectMover({
      nodeId,
      placement,
      closePeer: (roomId, peerId, reason) => media.closePeer(roomId, peerId, reason),
      onNoCapacity,
      logger,
    });
    const parts = { nodeId, placement, sessions, random, logger };
    const mover = new MigratingMover({ ...parts, fallback, onNoCapacity });
    const occupants = () => media.occupants();
    this.#drainMover = new DrainMover({
      drain: status,
      occupants,
      isAway: (roomId, peerId) => sessions.isAway(roomId, peerId),
      mover,
      evict: ({ roomId, peerId }) => media.closePeer(roomId, peerId, new FleetError('FLEET_ERR_ROOM_MOVED')),
      joinsPerSecond,
      beat: options.beat,
      clock: deadlineClock,
      random,
      logger,
    });
    this.#roomMigrations = new RoomMigrations({
      occupants,
      sessions,
      mover,
      joinsPerSecond,
      clock,
      random,
      logger,
    });
    this.#gatewayDrain = new GatewayDrain({
      drain: status,
      clients: () => gateway.resumableConnections,
      clientsPerSecond: joinsPerSecond,
      clock,
      random,
      logger,
    });
    status.watchDrain(() => {
      this.#drainMover.wake();
      this.#gatewayDrain.wake();
    });
  }

  /** See RoomMigrations. */
  migrateRoom(request: RoomMigrationRequest): Promise<RoomMigrationCounts> {
    return this.#roomMigrations.begin(request);
  }

  /** Moves nobody any more. Idempotent. */
  close(): void {
    this.#drainMover.close();
    this.#gatewayDrain.close();
    this.#roomMigrations.close();
  }
}
