import type { FastifyRequest } from 'fastify';
import { FleetError } from '../../core/errors';
import { bearerToken } from './bearer-token';
import type { PeerAuthenticator } from './peer-authenticator';

/**
 * Lets a broadcaster's HTTP request pass when its token (header `Authorization: Bearer …`) is a peer token that
 * may publish in the room; one that names a peer is for the broadcaster of that id.
 */
export function broadcasterAccess(
  authenticator: PeerAuthenticator,
): (request: FastifyRequest, roomId: string) => Promise<void> {
  return async (request, roomId) => {
    const { canPublish } = await authenticator.authenticate({
      roomId,
      peerId: broadcasterIdOf(request),
      token: bearerToken(request.headers.authorization),
    });
    if (!canPublish) throw new FleetError('FLEET_ERR_FORBIDDEN');
  };
}

/** In the path, or where it is created in the body. */
function broadcasterIdOf(request: FastifyRequest): string {
  const { broadcasterId } = request.params as { broadcasterId?: string };
  if (broadcasterId !== undefined) return broadcasterId;
  const body: unknown = request.body;
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
  return typeof id === 'string' ? id : '';
}
