import { z } from 'zod';

/**
 * What we add to mediasoup-demo's protocol. Additive: notifications and fields that an old client ignores.
 * All of them are notifications from the server, but for `acknowledge`, `ping` and `reopenSession`.
 */

/** The WebSocket URL's query. Unknown parameters are ignored, as mediasoup-demo's clients send several. */
export const connectQuerySchema = z.object({
  roomId: z.string().min(1).max(256),
  peerId: z.string().min(1).max(256),
  /** Access token (JWT). Required unless the deployment says `auth: open`. */
  token: z.string().max(8_192).optional(),
  /** `1`: the client keeps its session over a lost connection (grace period), and acknowledges messages. */
  resume: z.enum(['0', '1']).optional(),
  /** Resumes an earlier session instead of opening one. */
  resumeToken: z.string().max(1_024).optional(),
  /** With `resumeToken`: the `seq` of the last message the client processed. */
  lastSeq: z.coerce.number().int().nonnegative().optional(),
  /** `1`: the client can migrate: it understands `migrateSession`. With `resume=1`. */
  migrate: z.enum(['0', '1']).optional(),
  /** Opens the session to which the one with this resume token migrates, as `migrateSession` asked for. */
  migrateFrom: z.string().max(1_024).optional(),
  /** `1`: the client can open another session on this connection: it understands `reopen`. With `resume=1`. */
  reopen: z.enum(['0', '1']).optional(),
  /** How many people are expected in the room, for its reservation. */
  expectedPeers: z.coerce.number().int().positive().max(100_000).optional(),
  /** `0`: this peer will not send, respectively not receive; its demand is smaller. */
  produce: z.enum(['0', '1', 'true', 'false']).optional(),
  consume: z.enum(['0', '1', 'true', 'false']).optional(),
});

export type ConnectQuery = z.infer<typeof connectQuerySchema>;

/** First message on a connection that was accepted; only to clients with `resume=1`. */
export const sessionOpenedSchema = z.object({
  sessionId: z.string(),
  resumeToken: z.string(),
  /** How long the session outlives its connection, milliseconds. */
  graceMs: z.number().int().nonnegative(),
  /** True when an earlier session was resumed: transports, producers and consumers are all still there. */
  resumed: z.boolean(),
  gatewayNodeId: z.string(),
  mediaNodeId: z.string(),
  /** The gateway answers `ping` with `pong`. */
  answersPings: z.boolean().optional(),
  /** What the peer's token allows. Left out on a resume: as when the session began. */
  grants: z
    .object({ canPublish: z.boolean(), canSubscribe: z.boolean(), canPublishData: z.boolean() })
    .optional(),
});

/** Sent before the connection is closed because the peer may not enter or stay. To every client. */
export const connectionRefusedSchema = z.object({
  code: z.string(),
  message: z.string(),
  retriable: z.boolean(),
  retryAfterMs: z.number().int().nonnegative().optional(),
});

/** The room moved or its node is gone: come again after `retryAfterMs`. To clients with `resume=1`. */
export const roomPlacementChangedSchema = z.object({
  reason: z.enum(['node-lost', 'worker-died', 'moved']),
  retryAfterMs: z.number().int().nonnegative(),
  /** This connection stays: say `reopenSession` on it, in place of connecting again. To clients with `reopen=1`. */
  reopen: z.boolean().optional(),
});

/** This gateway stops: resume on another one after `retryAfterMs`. To clients with `resume=1`. */
export const gatewayClosingSchema = z.object({
  retryAfterMs: z.number().int().nonnegative(),
});

/**
 * This session goes to another node: open a second one beside it (`migrateFrom` in the URL), join, produce, and `takeOver`.
 * Until then this one stays as it is. To clients with `migrate=1`.
 */
export const migrateSessionSchema = z.object({ migrationId: z.string() });

/** From the client, at least every 2 s while messages arrive: everything up to `seq` was processed. */
export const acknowledgeSchema = z.object({ seq: z.number().int().nonnegative() });

/** Up to which spatial layer anybody wants a simulcast producer of this client; −1: nobody wants any. To every client. */
export const producerLayersWantedSchema = z.object({
  producerId: z.string(),
  spatialLayer: z.number().int().min(-1),
});

/**
 * Whose cameras this client receives now, of a room that forwards at most `lastN` of them. With `lastN` 0 all are
 * forwarded, and nobody is named. To every client.
 */
export const forwardedVideoSchema = z.object({
  lastN: z.number().int().nonnegative(),
  peerIds: z.array(z.string()),
});

/** How many others are in the room whom the server doesn't list, since they only listen. To every client. */
export const audienceSchema = z.object({ count: z.number().int().nonnegative() });

export type Audience = z.infer<typeof audienceSchema>;
export type MigrateSession = z.infer<typeof migrateSessionSchema>;
export type ForwardedVideo = z.infer<typeof forwardedVideoSchema>;
export type ProducerLayersWanted = z.infer<typeof producerLayersWantedSchema>;
export type SessionOpened = z.infer<typeof sessionOpenedSchema>;
export type ConnectionRefused = z.infer<typeof connectionRefusedSchema>;
export type RoomPlacementChanged = z.infer<typeof roomPlacementChangedSchema>;
export type GatewayClosing = z.infer<typeof gatewayClosingSchema>;
export type Acknowledge = z.infer<typeof acknowledgeSchema>;

export const EXTENSION_METHODS = {
  sessionOpened: 'sessionOpened',
  connectionRefused: 'connectionRefused',
  roomPlacementChanged: 'roomPlacementChanged',
  gatewayClosing: 'gatewayClosing',
  migrateSession: 'migrateSession',
  acknowledge: 'acknowledge',
  /**
   * From the client, after `roomPlacementChanged` with `reopen`: what follows is of a new session. Without data. The
   * answer is as to a new connection.
   */
  reopenSession: 'reopenSession',
  /** From the client after a silence; a gateway that said so answers `pong`, itself and at once. Both without data. */
  ping: 'ping',
  pong: 'pong',
  producerLayersWanted: 'producerLayersWanted',
  forwardedVideo: 'forwardedVideo',
  audience: 'audience',
} as const;

/**
 * How a client with `resume=1` closes its own WebSocket. Everything but `drop` and an abnormal end (1006) means
 * that the peer leaves, also 1001 and 1005 (the page was closed).
 */
export const CLIENT_CLOSE_CODES = {
  /** The peer leaves. */
  leave: 1000,
  /** The client gives this connection up and comes back on another one: its session goes on. */
  drop: 4001,
} as const;
