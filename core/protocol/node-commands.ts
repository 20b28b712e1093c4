import { z } from 'zod';
import { heartbeatReplySchema, nodeHeartbeatSchema } from './passed-heartbeat';
import { roomDetailSchema } from './room-detail';

/**
 * Commands that one node sends another over their link, mostly for the operator API. A node owns its own
 * state: it confirms by the result.
 */
export const nodeCommandSchemas = {
  cordon: {
    params: z.object({ reason: z.string().max(500).optional() }),
    result: z.object({ state: z.string() }),
  },
  uncordon: { params: z.object({}), result: z.object({ state: z.string() }) },
  /** An operator's drain; a later one replaces it. */
  drain: {
    params: z.object({ minutes: z.number().int().min(1).max(2_880), reason: z.string().max(500).optional() }),
    result: z.object({ state: z.string() }),
  },
  /** Moves the peers of a room off the node. */
  migrateRoom: {
    params: z.object({
      roomId: z.string(),
      toNodeId: z.string().optional(),
      reason: z.string().max(500).optional(),
    }),
    result: z.object({ moving: z.number().int().nonnegative(), staying: z.number().int().nonnegative() }),
  },
  describeRoom: { params: z.object({ roomId: z.string() }), result: roomDetailSchema },
  closeRoom: {
    params: z.object({ roomId: z.string(), reason: z.string().max(500).optional() }),
    result: z.object({}),
  },
  closePeer: {
    params: z.object({ roomId: z.string(), peerId: z.string(), reason: z.string().max(500).optional() }),
    result: z.object({}),
  },
  /** Tells placement that the sender lives, which does not reach Redis itself. */
  passHeartbeat: { params: nodeHeartbeatSchema, result: heartbeatReplySchema },
} as const;

export type NodeCommandName = keyof typeof nodeCommandSchemas;
export type NodeCommandParams<N extends NodeCommandName> = z.infer<(typeof nodeCommandSchemas)[N]['params']>;
export type NodeCommandResult<N extends NodeCommandName> = z.infer<(typeof nodeCommandSchemas)[N]['result']>;

/**
 * Sends a command to a node, in-process when it is this one, and answers within a bounded time.
 * @throws FleetError FLEET_ERR_NODE_UNREACHABLE, …; FLEET_ERR_NOT_FOUND for a room or peer that the node hasn't
 */
export interface NodeCommandPort {
  command<N extends NodeCommandName>(
    nodeId: string,
    name: N,
    params: NodeCommandParams<N>,
  ): Promise<NodeCommandResult<N>>;
}
