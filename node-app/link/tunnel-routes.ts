import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { tunnelPath } from './link-address';
import { MAX_TUNNEL_MESSAGE_BYTES, tunnelStream } from './open-tunnel';
import { TUNNEL_PROOF_HEADER, type TunnelProofs } from './tunnel-proof';
import type { TunnelServer } from './tunnel-server';

/** Whoever is refused can't fill the log, milliseconds between two lines. */
const LOG_INTERVAL_MS = 1_000;

export interface TunnelRoutesOptions {
  nodeId: string;
  region: string;
  tunnels: TunnelServer;
  proofs: TunnelProofs;
  clock: Clock;
  logger: Logger;
}

/**
 * Where nodes of other regions come in: `GET /links/REGION` says which node took the request, and a WebSocket to
 * `/links/REGION/NODE_ID` leads to that node's link listener. Nothing is answered without a proof of the link secret.
 */
export async function tunnelRoutes(app: FastifyInstance, options: TunnelRoutesOptions): Promise<void> {
  const { nodeId, region, tunnels, proofs, clock, logger } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_TUNNEL_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  let quietUntilMs = 0;
  let untold = 0;
  const check = (request: FastifyRequest, path: string): void => {
    try {
      proofs.check(request.headers[TUNNEL_PROOF_HEADER], path);
    } catch (error) {
      const { code, message: reason } = FleetError.from(error);
      if (clock.monotonicMs() >= quietUntilMs) {
        logger.warn(
          { code, address: request.ip, reason, untold },
          'a request for a way to the links is refused',
        );
        quietUntilMs = clock.monotonicMs() + LOG_INTERVAL_MS;
        untold = 0;
      } else {
        untold += 1;
      }
      throw error;
    }
  };

  app.get(tunnelPath(region), (request) => {
    check(request, tunnelPath(region));
    return { nodeId };
  });

  app.get<{ Params: { nodeId: string } }>(`${tunnelPath(region)}/:nodeId`, async (request, reply) => {
    const { nodeId: target } = request.params;
    check(request, tunnelPath(region, target));
    if (!isUpgrade(request)) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: 'only a WebSocket goes through here' });
    }
    const end = await tunnels.reach(target);
    const { socket } = request.raw;
    socket.once('close', () => end.giveUp());
    if (socket.destroyed) end.giveUp();
    reply.hijack();
    // What would come before the answer is lost: a WebSocket's client waits for it.
    sockets.handleUpgrade(request.raw, socket, Buffer.alloc(0), (webSocket) =>
      end.join(tunnelStream(webSocket)),
    );
  });
}

function isUpgrade({ headers }: FastifyRequest): boolean {
  return /\bupgrade\b/i.test(headers.connection ?? '') && headers.upgrade?.toLowerCase() === 'websocket';
}
