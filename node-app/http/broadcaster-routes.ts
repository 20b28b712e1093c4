import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { BroadcasterAccess } from '../auth/broadcaster-access';
import type { BroadcasterOperation } from '../../core/protocol/demo/broadcaster-operations';
import type { BroadcasterPort } from '../media/broadcaster-port';

export interface BroadcasterRoutesOptions {
  broadcasters: BroadcasterPort;
  /** Lets a request pass for what it is about to do, or throws a FleetError. */
  authorize: BroadcasterAccess;
}

interface Path {
  roomId: string;
  broadcasterId: string;
  transportId: string;
  consumerId: string;
}

type BroadcasterRequest = FastifyRequest<{ Params: Partial<Path> & { roomId: string } }>;

const BROADCASTER = '/rooms/:roomId/broadcasters/:broadcasterId';
const TRANSPORT = `${BROADCASTER}/transports/:transportId`;

/**
 * mediasoup-demo's HTTP API for broadcasters, with the routes of all its versions. The operations check their
 * parameters themselves, on the node that holds the room.
 */
export const broadcasterRoutes: FastifyPluginAsync<BroadcasterRoutesOptions> = async (app, options) => {
  const { broadcasters, authorize } = options;

  const call = async (
    request: BroadcasterRequest,
    operation: BroadcasterOperation,
    more: { broadcasterId?: unknown; [name: string]: unknown } = {},
  ) => {
    const { roomId, ...path } = request.params;
    // What the path says wins over what the body says.
    const params = { ...bodyOf(request), ...more, ...path };
    // The very id that the operation gets, so that no other field can name somebody else.
    const broadcasterId = 'broadcasterId' in params ? String(params.broadcasterId) : undefined;
    await authorize(request, { roomId, operation, broadcasterId });
    return broadcasters.call(roomId, operation, params);
  };

  const answer = (operation: BroadcasterOperation, status = 200) => {
    return async (request: BroadcasterRequest, reply: FastifyReply) => {
      return reply.code(status).send(await call(request, operation));
    };
  };

  app.get('/rooms/:roomId', answer('getRouterRtpCapabilities'));

  app.post('/rooms/:roomId/broadcasters', async (request: BroadcasterRequest, reply) => {
    const { id, peerId } = bodyOf(request);
    // The older API calls it `id` and makes it known at once; the newer one joins apart, after its transports.
    const isLegacy = peerId === undefined;
    const broadcasterId = isLegacy ? id : peerId;
    const result = await call(request, 'createBroadcaster', {
      broadcasterId,
      remoteAddress: request.ip,
      joins: isLegacy,
    });
    if (isLegacy) return reply.send(result);
    return reply
      .code(201)
      .header('location', `${request.url}/${encodeURIComponent(String(broadcasterId))}`)
      .send(result);
  });
  app.post(`${BROADCASTER}/join`, answer('joinBroadcaster'));
  app.delete(BROADCASTER, async (request: BroadcasterRequest, reply) => {
    await call(request, 'deleteBroadcaster');
    return reply.code(204).send();
  });
  app.get(`${BROADCASTER}/peerProducersInfos`, answer('listProducers'));

  app.post(`${BROADCASTER}/transports`, answer('createTransport'));
  app.post(`${TRANSPORT}/connect`, answer('connectTransport'));

  app.post(`${TRANSPORT}/producers`, answer('produce'));
  app.post(`${BROADCASTER}/producers`, answer('produce', 201));

  app.post(`${TRANSPORT}/consume`, async (request: BroadcasterRequest) => {
    const { producerId } = request.query as { producerId?: string };
    return call(request, 'consume', producerId === undefined ? {} : { producerId });
  });
  app.post(`${BROADCASTER}/consumers`, answer('consume', 201));
  app.post(`${TRANSPORT}/resume`, answer('resumeConsumer'));
  app.post(`${BROADCASTER}/consumers/:consumerId/resume`, answer('resumeConsumer'));

  app.post(`${TRANSPORT}/produce/data`, answer('produceData'));
  app.post(`${TRANSPORT}/consume/data`, answer('consumeData'));
};

function bodyOf(request: FastifyRequest): Record<string, unknown> {
  return typeof request.body === 'object' && request.body !== null ? { ...request.body } : {};
}
