import type { FastifyRequest } from 'fastify';
import { FleetError } from '../../core/errors';
import type { BroadcasterOperation } from '../../core/protocol/demo/broadcaster-operations';
import type { PeerGrants } from '../../core/session/session-port';
import { bearerToken } from './bearer-token';
import type { PeerAuthenticator } from './peer-authenticator';

/** What a broadcaster's request asks for. */
export interface BroadcasterDemand {
  roomId: string;
  operation: BroadcasterOperation;
  /** Undefined when the request concerns the room only. */
  broadcasterId: string | undefined;
}

export type BroadcasterAccess = (request: FastifyRequest, demand: BroadcasterDemand) => Promise<void> | void;

/**
 * Lets a broadcaster's HTTP request pass when its token (header `Authorization: Bearer …`) is a peer token for the
 * room that grants what the operation does; one that names a peer is for the broadcaster of that id.
 */
export function broadcasterAccess(authenticator: PeerAuthenticator): BroadcasterAccess {
  return async (request, { roomId, operation, broadcasterId }) => {
    const token = bearerToken(request.headers.authorization);
    const grants = await authenticator.authenticate({ roomId, peerId: broadcasterId, token });
    if (!grants[GRANT_FOR[operation] ?? 'canPublish']) throw new FleetError('FLEET_ERR_FORBIDDEN');
  };
}

/** Where it is not `canPublish`, which is what broadcasters are for. */
const GRANT_FOR: Partial<Record<BroadcasterOperation, keyof PeerGrants>> = {
  consume: 'canSubscribe',
  resumeConsumer: 'canSubscribe',
  consumeData: 'canSubscribe',
  produceData: 'canPublishData',
};
