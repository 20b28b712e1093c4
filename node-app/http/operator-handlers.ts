import type { z } from 'zod';
import { FleetError } from '../../core/errors';
import { headroomOf } from '../../core/capacity/headroom';
import type { PlacementEvent } from '../../core/placement/placement-event';
import type { NodeRecord, PlacementPort, RoomRecord } from '../../core/placement/placement-port';
import type { NodeCommandPort } from '../../core/protocol/node-commands';
import type { OperationId, OperatorOperations } from './operator-contract';
import { type nodeSchema, nodeStateSchema } from './operator-schemas';

export interface OperatorHandlerOptions {
  placement: PlacementPort;
  nodes: NodeCommandPort;
  events: FleetEventSource;
}

/** Where placement's events are read: `PlacementStore`. */
export interface FleetEventSource {
  /** Events after `afterId`, oldest first. @throws FleetError FLEET_ERR_PLACEMENT_UNAVAILABLE */
  readEvents(options: { afterId?: string | undefined; limit: number }): Promise<PlacementEvent[]>;
}

interface Logger {
  warn(details: object, message: string): void;
}

/** What a handler gets: parsed by the schemas of its operation. */
export interface OperatorCall<I extends OperationId> {
  params: z.infer<OperatorOperations[I]['params']>;
  query: z.infer<OperatorOperations[I]['query']>;
  body: OperatorOperations[I] extends { body: infer B extends z.ZodType } ? z.infer<B> : undefined;
}

export type OperatorHandlers = {
  [I in OperationId]: (call: OperatorCall<I>) => Promise<z.input<OperatorOperations[I]['response']>>;
};

/** What each operation does. Thin: placement knows where things are, the nodes act. */
export function operatorHandlers(options: OperatorHandlerOptions & { logger: Logger }): OperatorHandlers {
  const { placement, nodes, events, logger } = options;
  const findNode = async (nodeId: string): Promise<NodeRecord> => {
    const node = await placement.findNode(nodeId);
    if (node === undefined)
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `there is no node ${nodeId}` });
    return node;
  };
  const findRoom = async (roomId: string): Promise<RoomRecord> => {
    const room = await placement.findRoom(roomId);
    if (room === undefined)
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `there is no room ${roomId}` });
    return room;
  };

  return {
    listNodes: async () => ({ nodes: (await placement.listNodes()).map(describeNode) }),

    getNode: async ({ params }) => describeNode(await findNode(params.nodeId)),

    cordonNode: async ({ params, body }) => {
      const { nodeId } = await findNode(params.nodeId);
      return confirmed(nodeId, await nodes.command(nodeId, 'cordon', body));
    },

    drainNode: async ({ params, body }) => {
      const { nodeId } = await findNode(params.nodeId);
      const { deadlineMinutes: minutes, reason } = body;
      return confirmed(nodeId, await nodes.command(nodeId, 'drain', { minutes, reason }));
    },

    uncordonNode: async ({ params }) => {
      const { nodeId } = await findNode(params.nodeId);
      return confirmed(nodeId, await nodes.command(nodeId, 'uncordon', {}));
    },

    listRooms: ({ query }) => placement.listRooms(query),

    getRoom: async ({ params }) => {
      const record = await findRoom(params.roomId);
      const live = record.nodes.map(async (nodeId) => {
        try {
          return { nodeId, room: await nodes.command(nodeId, 'describeRoom', params) };
        } catch (error) {
          logger.warn({ err: error, nodeId, roomId: params.roomId }, 'node did not describe its room');
          return { nodeId, error: FleetError.from(error).toJSON() };
        }
      });
      return { ...record, live: await Promise.all(live) };
    },

    migrateRoom: async ({ params, body }) => {
      const { roomId, nodes: carriers } = await findRoom(params.roomId);
      const { to: toNodeId, reason } = body;
      const from = body.from ?? carriers[0] ?? '';
      if (!carriers.includes(from)) {
        throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `the room has no part on ${from}` });
      }
      if (toNodeId === from) {
        throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'the peers are on that node already' });
      }
      if (toNodeId !== undefined) await findNode(toNodeId);
      const counts = await nodes.command(from, 'migrateRoom', { roomId, toNodeId, reason });
      return { roomId, from, ...counts };
    },

    closeRoom: async ({ params, query }) => {
      const { roomId, nodes: carriers } = await findRoom(params.roomId);
      const closedOn = await onEach(carriers, (nodeId) =>
        nodes.command(nodeId, 'closeRoom', { roomId, reason: query.reason }),
      );
      return { roomId, closedOn };
    },

    removePeer: async ({ params, query }) => {
      const { roomId, nodes: carriers } = await findRoom(params.roomId);
      const { peerId } = params;
      const removedFrom = await onEach(carriers, (nodeId) =>
        nodes.command(nodeId, 'closePeer', { roomId, peerId, reason: query.reason }),
      );
      return { roomId, peerId, removedFrom };
    },

    listEvents: async ({ query }) => ({ events: await events.readEvents(query) }),
  };
}

function describeNode(node: NodeRecord): z.input<typeof nodeSchema> {
  const { headroom, binding, utilization } = headroomOf(node);
  return { ...node, headroom, binding, utilization: Number.isFinite(utilization) ? utilization : null };
}

function confirmed(nodeId: string, result: { state: string }): z.input<typeof nodeStateSchema> {
  return nodeStateSchema.parse({ nodeId, state: result.state });
}

/**
 * Tells all nodes of a room at once, and says which of them did it. One that doesn't have the room (or the peer)
 * is no failure when another has; one that can't be reached is, since the room may go on there.
 * @throws FleetError of the first node that failed, else FLEET_ERR_NOT_FOUND when no node had it
 */
async function onEach(nodeIds: string[], act: (nodeId: string) => Promise<unknown>): Promise<string[]> {
  const outcomes = await Promise.all(
    nodeIds.map(async (nodeId) => {
      try {
        await act(nodeId);
        return { nodeId };
      } catch (error) {
        return { nodeId, error: FleetError.from(error) };
      }
    }),
  );
  const failed = outcomes.find(({ error }) => error !== undefined && error.code !== 'FLEET_ERR_NOT_FOUND');
  if (failed?.error !== undefined) throw failed.error;
  const done = outcomes.filter(({ error }) => error === undefined).map(({ nodeId }) => nodeId);
  if (done.length === 0) throw outcomes[0]?.error ?? new FleetError('FLEET_ERR_NOT_FOUND');
  return done;
}
