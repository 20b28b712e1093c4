import type { z } from 'zod';
import type { ErrorCode } from '../../core/errors';
import {
  closedRoomSchema,
  cordonBodySchema,
  drainBodySchema,
  eventListSchema,
  eventsQuerySchema,
  migrateBodySchema,
  noBodySchema,
  noQuerySchema,
  nodeListSchema,
  nodeParamsSchema,
  nodeSchema,
  nodeStateSchema,
  pageQuerySchema,
  peerParamsSchema,
  reasonQuerySchema,
  removedPeerSchema,
  roomMoveSchema,
  roomPageSchema,
  roomParamsSchema,
  roomWithDetailSchema,
} from './operator-schemas';

/** One operator route, as both Fastify and OpenAPI need it. */
export interface OperatorOperation {
  method: 'GET' | 'POST' | 'DELETE';
  /** With `{name}` for parameters, as in OpenAPI. */
  path: `/v1/${string}`;
  summary: string;
  description?: string;
  params: z.ZodObject;
  query: z.ZodObject;
  /** Only of a POST; may always be left out by the caller. */
  body?: z.ZodObject;
  response: z.ZodType;
  /** Those of the handler; every route can also answer with COMMON_ERRORS. */
  errors: readonly ErrorCode[];
}

/** What any operator route can be refused with. */
export const COMMON_ERRORS = [
  'FLEET_ERR_BAD_REQUEST',
  'FLEET_ERR_MESSAGE_TOO_LARGE',
  'FLEET_ERR_TOKEN_MISSING',
  'FLEET_ERR_TOKEN_INVALID',
  'FLEET_ERR_TOKEN_EXPIRED',
  'FLEET_ERR_FORBIDDEN',
  'FLEET_ERR_INTERNAL',
] as const satisfies readonly ErrorCode[];

const AWAY = 'FLEET_ERR_PLACEMENT_UNAVAILABLE';

/** The operator API: by operation id. */
export const OPERATOR_OPERATIONS = {
  listNodes: {
    method: 'GET',
    path: '/v1/nodes',
    summary: 'All nodes of the fleet, silent ones included',
    params: noQuerySchema,
    query: noQuerySchema,
    response: nodeListSchema,
    errors: [AWAY],
  },
  getNode: {
    method: 'GET',
    path: '/v1/nodes/{nodeId}',
    summary: 'One node',
    params: nodeParamsSchema,
    query: noQuerySchema,
    response: nodeSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND'],
  },
  cordonNode: {
    method: 'POST',
    path: '/v1/nodes/{nodeId}/cordon',
    summary: 'Place no new rooms on a node',
    description: 'Rooms on it go on and still take peers. Repeating it changes nothing.',
    params: nodeParamsSchema,
    query: noQuerySchema,
    body: cordonBodySchema,
    response: nodeStateSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND', 'FLEET_ERR_NODE_UNREACHABLE', 'FLEET_ERR_SHUTTING_DOWN'],
  },
  drainNode: {
    method: 'POST',
    path: '/v1/nodes/{nodeId}/drain',
    summary: 'Empty a node',
    description:
      'Cordons it and waits for its rooms to end; DRAINED once nothing is left. Rooms on it still take peers. Repeating it sets a new deadline.',
    params: nodeParamsSchema,
    query: noQuerySchema,
    body: drainBodySchema,
    response: nodeStateSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND', 'FLEET_ERR_NODE_UNREACHABLE', 'FLEET_ERR_SHUTTING_DOWN'],
  },
  uncordonNode: {
    method: 'POST',
    path: '/v1/nodes/{nodeId}/uncordon',
    summary: 'Let a cordoned or draining node take new rooms again',
    description: 'A node that drains because its instance ends stays as it is; the answer says so.',
    params: nodeParamsSchema,
    query: noQuerySchema,
    body: noBodySchema,
    response: nodeStateSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND', 'FLEET_ERR_NODE_UNREACHABLE', 'FLEET_ERR_SHUTTING_DOWN'],
  },
  listRooms: {
    method: 'GET',
    path: '/v1/rooms',
    summary: 'The rooms of the fleet, in pages',
    params: noQuerySchema,
    query: pageQuerySchema,
    response: roomPageSchema,
    errors: [AWAY],
  },
  getRoom: {
    method: 'GET',
    path: '/v1/rooms/{roomId}',
    summary: 'One room, with its peers as its nodes see them now',
    description: 'A node that does not answer costs its own part under `live`, not the answer.',
    params: roomParamsSchema,
    query: noQuerySchema,
    response: roomWithDetailSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND'],
  },
  migrateRoom: {
    method: 'POST',
    path: '/v1/rooms/{roomId}/migrate',
    summary: 'Move the peers of a room off a node',
    description:
      'Without a gap for clients that can: each opens a session on the other node and this one ends once it carries the media. Answers at once, with FLEET_ERR_NO_CAPACITY when no node takes anybody; `GET /v1/rooms/{roomId}` shows how far it is. Repeating it begins anew with whoever is left.',
    params: roomParamsSchema,
    query: noQuerySchema,
    body: migrateBodySchema,
    response: roomMoveSchema,
    errors: [
      AWAY,
      'FLEET_ERR_NOT_FOUND',
      'FLEET_ERR_NO_CAPACITY',
      'FLEET_ERR_NODE_UNREACHABLE',
      'FLEET_ERR_SHUTTING_DOWN',
    ],
  },
  closeRoom: {
    method: 'DELETE',
    path: '/v1/rooms/{roomId}',
    summary: 'End a room for all its peers',
    description:
      'Its peers get FLEET_ERR_ROOM_CLOSED and are not asked to come back. A token that is still valid can open a room of the same name again.',
    params: roomParamsSchema,
    query: reasonQuerySchema,
    response: closedRoomSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND', 'FLEET_ERR_NODE_UNREACHABLE', 'FLEET_ERR_SHUTTING_DOWN'],
  },
  removePeer: {
    method: 'DELETE',
    path: '/v1/rooms/{roomId}/peers/{peerId}',
    summary: 'Remove one peer from its room',
    description: 'It gets FLEET_ERR_PEER_REMOVED. A token that is still valid lets it join again.',
    params: peerParamsSchema,
    query: reasonQuerySchema,
    response: removedPeerSchema,
    errors: [AWAY, 'FLEET_ERR_NOT_FOUND', 'FLEET_ERR_NODE_UNREACHABLE', 'FLEET_ERR_SHUTTING_DOWN'],
  },
  listEvents: {
    method: 'GET',
    path: '/v1/events',
    summary: 'What placement wrote down: refusals for lack of capacity, rooms that moved',
    description: 'To follow them, ask again with the id of the last event you have.',
    params: noQuerySchema,
    query: eventsQuerySchema,
    response: eventListSchema,
    errors: [AWAY],
  },
} as const satisfies Record<string, OperatorOperation>;

export type OperatorOperations = typeof OPERATOR_OPERATIONS;
export type OperationId = keyof OperatorOperations;
