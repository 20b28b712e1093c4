import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FleetError } from '../../core/errors';
import { PROTOO_SUBPROTOCOL } from '../../core/protocol/protoo';
import type { Gateway } from './gateway';

export interface GatewayRoutesOptions {
  gateway: Gateway;
  /** Larger messages end the connection before they are read. */
  maxMessageBytes: number;
  /** Answers a plain `GET /`: the demo page. @default 404 */
  page?: ((reply: FastifyReply) => FastifyReply) | undefined;
}

/** The WebSocket at `/`, where mediasoup-demo's clients look for it. */
export async function gatewayRoutes(app: FastifyInstance, options: GatewayRoutesOptions): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: options.maxMessageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(PROTOO_SUBPROTOCOL) ? PROTOO_SUBPROTOCOL : false),
    },
  });
  app.route({
    method: 'GET',
    url: '/',
    handler: (_request, reply) => {
      if (options.page) return options.page(reply);
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: 'this node serves no page' });
    },
    wsHandler: (socket, request) => {
      options.gateway.accept(socket, { query: request.query, remoteAddress: request.ip });
    },
  });
}
