import { z } from 'zod';
import { CAPACITY_DIMENSIONS } from '../../core/capacity/capacity-vector';
import { drainReportSchema } from '../../core/drain/drain-report';
import { ERRORS } from '../../core/errors';
import { cordonReportSchema } from '../../core/placement/cordon-report';
import { NODE_STATES } from '../../core/node-state';
import type { PlacementEvent } from '../../core/placement/placement-event';
import { roomDetailSchema } from '../../core/protocol/room-detail';

/**
 * What the operator's routes take and give. The routes parse with these and openapi.ts is generated from them,
 * so neither can drift from the other.
 */

const idSchema = z.string().min(1).max(256);

export const nodeParamsSchema = z.strictObject({ nodeId: idSchema });
export const roomParamsSchema = z.strictObject({ roomId: idSchema });
export const peerParamsSchema = z.strictObject({ roomId: idSchema, peerId: idSchema });

const reasonSchema = z
  .string()
  .max(500)
  .meta({ description: 'Why, in your words; it goes to the audit log.' });

export const noQuerySchema = z.strictObject({});
export const reasonQuerySchema = z.strictObject({ reason: reasonSchema.optional() });
export const cordonBodySchema = z.strictObject({ reason: reasonSchema.optional() });
export const drainBodySchema = z.strictObject({
  deadlineMinutes: z.number().int().min(1).max(2_880).default(30).meta({
    description: 'Whoever is still there then makes the drain count as failed; nobody is cut off.',
  }),
  reason: reasonSchema.optional(),
});
export const migrateBodySchema = z.strictObject({
  from: idSchema
    .optional()
    .meta({ description: "The node that the peers leave. Left out: the room's home." }),
  to: idSchema.optional().meta({ description: 'Where they go. Left out: where placement sends each.' }),
  reason: reasonSchema.optional(),
});
export const roomMoveSchema = z
  .object({
    roomId: z.string(),
    from: z.string(),
    moving: z.number().meta({ description: 'Peers that go, one after the other, in the next seconds.' }),
    staying: z
      .number()
      .meta({ description: 'Peers whose client can not migrate, or is away: only a drain moves them.' }),
  })
  .meta({ id: 'RoomMove' });
export const noBodySchema = z.strictObject({});

const limitSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(1_000)
  .default(100)
  .meta({ description: 'About how many entries the answer has at most.' });

export const pageQuerySchema = z.strictObject({
  limit: limitSchema,
  cursor: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .meta({ description: 'The `cursor` of the page before. Leave it out for the first page.' }),
});

export const eventsQuerySchema = z.strictObject({
  limit: limitSchema,
  afterId: z
    .string()
    .regex(/^\d{1,20}(-\d{1,20})?$/, 'not the id of an event')
    .optional()
    .meta({ description: 'The id of the last event you have; leave it out for the oldest that is kept.' }),
});

export const capacityVectorSchema = z
  .object({
    egressBps: z.number().meta({ description: 'Outbound media, bits per second.' }),
    packetsPerSecond: z.number().meta({ description: 'Outbound media, packets per second.' }),
  })
  .meta({ id: 'CapacityVector', description: 'A point in the space in which nodes have capacity.' });

export const nodeSchema = z
  .object({
    nodeId: z.string(),
    release: z.string().meta({ description: 'The fleet release that the node runs.' }),
    state: z.enum(NODE_STATES),
    ready: z
      .boolean()
      .meta({ description: 'False while the node takes no new work for a reason of its own.' }),
    alive: z.boolean().meta({ description: 'False once the lease has lapsed: the node is silent.' }),
    leaseExpiresAtMs: z.number().meta({ description: "Milliseconds since 1970, on Redis's clock." }),
    capacity: capacityVectorSchema,
    committed: capacityVectorSchema,
    measured: capacityVectorSchema,
    headroom: capacityVectorSchema,
    binding: z.enum(CAPACITY_DIMENSIONS).meta({ description: 'What runs out first.' }),
    utilization: z.number().nullable().meta({
      description: 'Used share of what runs out first: 0 is idle, 1 is full; null without capacity.',
    }),
    load: z.object({
      cpuLoad: z.number().meta({ description: 'CPU use of the machine, 0 to 1.' }),
      sysLoad: z.number().meta({ description: 'Load average over a minute, divided by the cores.' }),
      rooms: z.number(),
      clients: z.number(),
      tracks: z.number(),
      bytesPerSecond: z.number(),
    }),
    drain: drainReportSchema
      .optional()
      .meta({ description: 'The drain that the node carries out. Absent while it serves.' }),
    cordon: cordonReportSchema.optional().meta({
      description:
        "Since when an operator's cordon or drain holds, and the reason given. Absent without one.",
    }),
  })
  .meta({
    id: 'Node',
    description: 'A node as placement knows it. headroom = capacity − max(committed, measured).',
  });

export const nodeListSchema = z.object({ nodes: z.array(nodeSchema) }).meta({ id: 'NodeList' });

export const roomSchema = z
  .object({
    roomId: z.string(),
    nodes: z.array(z.string()).meta({ description: 'The nodes that carry the room, its home first.' }),
    epoch: z.number().meta({ description: 'Rises with every change of the home.' }),
    peers: z.number(),
    expectedPeers: z.number().meta({ description: 'The size that the reservation is made for.' }),
    reserved: capacityVectorSchema,
  })
  .meta({ id: 'Room', description: 'A room as placement knows it; up to a heartbeat (1 s) old.' });

export const roomPageSchema = z
  .object({
    rooms: z.array(roomSchema),
    cursor: z.string().optional().meta({ description: 'Pass it to get the next page; absent on the last.' }),
  })
  .meta({ id: 'RoomPage', description: 'Rooms in no particular order.' });

export const errorSchema = z
  .object({
    code: z.enum(Object.keys(ERRORS) as [keyof typeof ERRORS, ...(keyof typeof ERRORS)[]]),
    message: z.string().meta({ description: 'What went wrong, for a person.' }),
    retryAfterMs: z
      .number()
      .optional()
      .meta({ description: 'When to try again, milliseconds; also as the Retry-After header in seconds.' }),
  })
  .meta({ id: 'Error', description: 'Every refused request is answered with this. See docs/errors.md.' });

export const liveRoomSchema = roomDetailSchema.meta({ id: 'RoomDetail' });

export const roomWithDetailSchema = z
  .object({
    ...roomSchema.shape,
    live: z.array(
      z.object({
        nodeId: z.string(),
        room: liveRoomSchema.optional(),
        error: errorSchema.optional(),
      }),
    ),
  })
  .meta({
    id: 'RoomWithDetail',
    description:
      "The placement's record, and under `live` what each of the room's nodes says now, or why not.",
  });

export const nodeStateSchema = z
  .object({ nodeId: z.string(), state: z.enum(NODE_STATES) })
  .meta({ id: 'NodeStateConfirmation', description: 'The state that the node itself confirmed.' });

export const closedRoomSchema = z
  .object({ roomId: z.string(), closedOn: z.array(z.string()) })
  .meta({ id: 'ClosedRoom', description: 'The nodes that confirmed.' });

export const removedPeerSchema = z
  .object({ roomId: z.string(), peerId: z.string(), removedFrom: z.array(z.string()) })
  .meta({ id: 'RemovedPeer', description: 'The nodes that held the peer.' });

const eventHead = {
  id: z.string().meta({ description: 'Rising.' }),
  atMs: z.number().meta({ description: "Milliseconds since 1970, on Redis's clock." }),
};

export const eventSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('no-capacity'),
      ...eventHead,
      roomId: z.string(),
      nodeId: z.string().meta({
        description: "The room's home, full like all other nodes; empty when a new room found none.",
      }),
      demand: capacityVectorSchema,
    }),
    z.object({
      kind: z.literal('room-moved'),
      ...eventHead,
      roomId: z.string(),
      fromNodeId: z.string(),
      nodeId: z.string(),
      epoch: z.number(),
    }),
    z.object({ kind: z.literal('generation-began'), ...eventHead, nodeId: z.string() }),
  ])
  .meta({
    id: 'FleetEvent',
    description:
      'no-capacity: a peer was refused, or stays on a node that drains, since no other has headroom. room-moved: its home is another node now, because the one before is gone or ended its part. generation-began: Redis came back empty or with lost writes, and the nodes assert their rooms anew.',
  }) satisfies z.ZodType<PlacementEvent>;

export const eventListSchema = z
  .object({ events: z.array(eventSchema) })
  .meta({ id: 'FleetEventList', description: 'Oldest first; about the last thousand are kept.' });
