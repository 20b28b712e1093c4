import { z } from 'zod';
import { roomOptionsSchema } from '../room-options';
import { ERRORS, type ErrorCode } from '../errors';
import { protooMessageSchema } from './protoo';
import { roomLinkMessageSchema } from './room-link';

/**
 * What two nodes say to each other on their link: one TLS-PSK connection per pair, used in both directions.
 * Each frame is a JSON object after its length (4 bytes, big endian). The first frame of the dialer is
 * `hello`, answered by `welcome` or `refuse`; everything else comes after.
 */

/** Versions of this protocol that this release speaks. Release N speaks N and N−1, so a roll never splits. */
export const LINK_VERSIONS = { min: 1, max: 2 } as const;

/** From this version on two nodes can share a room. */
export const ROOM_LINK_VERSION = 2;

/** A frame's JSON may have this many bytes: the largest client message, with room for its envelope. */
export const MAX_LINK_FRAME_BYTES = 4 * 1024 * 1024;

/** A node that has nothing to say sends a `ping` after this time, milliseconds. */
export const LINK_PING_INTERVAL_MS = 1_000;

/** A link from which nothing came for this time is dead, milliseconds: as long as a lease. */
export const LINK_SILENCE_MS = 3_000;

const nodeId = z.string().regex(/^[\w.:-]{1,128}$/);
const version = z.number().int().nonnegative();
const seq = z.number().int().nonnegative();
/** A session on this link, named by its gateway. */
const channel = z.string().regex(/^[\w-]{1,64}$/);
const roomId = z.string().min(1).max(256);
const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

export const serializedErrorSchema = z.object({
  /** A newer release may know codes that this one does not. */
  code: errorCode.catch('FLEET_ERR_INTERNAL'),
  message: z.string().max(10_000),
  retryAfterMs: z.number().int().nonnegative().optional(),
});

const grantsSchema = z.object({
  canPublish: z.boolean(),
  canSubscribe: z.boolean(),
  canPublishData: z.boolean(),
  roomOptions: roomOptionsSchema.optional(),
});

const capacityVectorSchema = z.object({ egressBps: z.number(), packetsPerSecond: z.number() });

export const helloSchema = z.object({
  t: z.literal('hello'),
  min: version,
  max: version,
  nodeId,
  /** Changes with each start of the process. */
  instanceId: z.string().min(1).max(64),
  /** Fleet release, for logs. */
  release: z.string().max(64),
  /** Names this connection. */
  linkId: z.string().min(1).max(64),
  /** `linkId` of the link that the dialer has seen die; the acceptor may still hold it for alive. */
  replaces: z.string().max(64).optional(),
  /** The node that the dialer means to reach. An address may have passed to another node. */
  target: nodeId,
});

export const welcomeSchema = z.object({
  t: z.literal('welcome'),
  version,
  nodeId,
  instanceId: z.string().min(1).max(64),
  release: z.string().max(64),
});

export const LINK_REFUSALS = ['version', 'duplicate', 'wrong-node', 'stopping'] as const;
export type LinkRefusal = (typeof LINK_REFUSALS)[number];

export const refuseSchema = z.object({
  t: z.literal('refuse'),
  reason: z.enum(LINK_REFUSALS),
  min: version,
  max: version,
  message: z.string().max(500),
});

export const openParamsSchema = z.object({
  channel,
  roomId: z.string().max(256),
  peerId: z.string().max(256),
  epoch: z.number(),
  claim: z.object({ seq: z.number(), reserved: capacityVectorSchema, expectedPeers: z.number() }),
  grants: grantsSchema,
  role: z.object({ publishes: z.boolean(), subscribes: z.boolean() }),
  remoteAddress: z.string().max(128),
  resumable: z.boolean(),
  gatewayNodeId: nodeId,
  /** The room's nodes, home first. A release that knows no rooms of several nodes leaves both out. */
  nodes: z.array(nodeId).optional(),
  homeLinkAddress: z.string().max(256).optional(),
  /** The client understands `migrateSession`. */
  migratable: z.boolean().optional(),
  /** The node from which the peer migrates. */
  migratesFrom: nodeId.optional(),
});

/** Asks the node of a session that was told to migrate whether this is the client of that session. */
export const migrateParamsSchema = z.object({
  roomId: z.string().max(256),
  peerId: z.string().max(256),
  resumeToken: z.string().max(1_024),
});

/** What the peer may do where it goes, and where that must be. */
export const migrationSchema = z.object({
  grants: grantsSchema,
  role: z.object({ publishes: z.boolean(), subscribes: z.boolean() }),
  toNodeId: nodeId.optional(),
});

export const resumeParamsSchema = z.object({
  channel,
  roomId: z.string().max(256),
  peerId: z.string().max(256),
  resumeToken: z.string().max(1_024),
  lastSeq: seq,
  remoteAddress: z.string().max(128),
  gatewayNodeId: nodeId,
  /** The link broke and was re-established: the client's side goes on where it was. */
  relinked: z.boolean(),
});

export const openedSchema = z.object({
  sessionId: z.string().max(128),
  resumeToken: z.string().max(1_024),
  graceMs: z.number().int().nonnegative(),
  /** The `upSeq` of the last `up` frame of this channel that arrived. */
  lastUpSeq: seq,
});

/** What a gateway passes on from a client, in order and exactly once per `upSeq`. */
export const upstreamSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), message: protooMessageSchema }),
  z.object({ kind: z.literal('detach') }),
  z.object({ kind: z.literal('leave') }),
]);

export const LINK_CALLS = [
  'open',
  'resume',
  'migrate',
  'command',
  'broadcaster',
  'roomJoin',
  'regionPresence',
] as const;

export const linkFrameSchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('ping') }),
  z.object({
    t: z.literal('call'),
    id: seq,
    call: z.enum(LINK_CALLS),
    params: z.unknown(),
  }),
  z.object({ t: z.literal('result'), id: seq, ok: z.literal(true), data: z.unknown() }),
  z.object({ t: z.literal('error'), id: seq, error: serializedErrorSchema }),
  /** Gateway → media node. */
  z.object({ t: z.literal('up'), channel, upSeq: seq, body: upstreamSchema }),
  /** Gateway → media node: the client has everything up to `seq`. */
  z.object({ t: z.literal('downAck'), channel, seq }),
  /** Media node → gateway. */
  z.object({ t: z.literal('down'), channel, seq, message: protooMessageSchema }),
  /** Media node → gateway: everything up to `upSeq` has arrived. */
  z.object({ t: z.literal('upAck'), channel, upSeq: seq }),
  /** Media node → gateway: the session ended, or another gateway took it over. */
  z.object({
    t: z.literal('closed'),
    channel,
    closeCode: z.number().int(),
    error: serializedErrorSchema,
  }),
  /** Between two nodes of a room that are neighbours. */
  z.object({ t: z.literal('room'), roomId, message: roomLinkMessageSchema }),
  /** They no longer are: the room has ended on this node, or (`goesOn`) has another home. */
  z.object({ t: z.literal('roomLeft'), roomId, goesOn: z.boolean().optional() }),
]);

/** The first frames of a link. */
export const handshakeFrameSchema = z.discriminatedUnion('t', [helloSchema, welcomeSchema, refuseSchema]);

export type LinkHello = z.infer<typeof helloSchema>;
export type LinkRefuse = z.infer<typeof refuseSchema>;
export type HandshakeFrame = z.infer<typeof handshakeFrameSchema>;
export type LinkFrame = z.infer<typeof linkFrameSchema>;
export type LinkCall = (typeof LINK_CALLS)[number];
export type Upstream = z.infer<typeof upstreamSchema>;
export type OpenParams = z.infer<typeof openParamsSchema>;
export type ResumeParams = z.infer<typeof resumeParamsSchema>;
export type Opened = z.infer<typeof openedSchema>;

/** The highest version that both speak, or undefined. */
export function agreeOnVersion(
  ours: { min: number; max: number },
  theirs: { min: number; max: number },
): number | undefined {
  const highest = Math.min(ours.max, theirs.max);
  return highest >= Math.max(ours.min, theirs.min) ? highest : undefined;
}

export interface AcceptQuestion {
  ownNodeId: string;
  hello: Pick<LinkHello, 'nodeId' | 'instanceId' | 'target' | 'replaces' | 'min' | 'max'>;
  /** The open link to that node, if there is one. */
  existing: { linkId: string; instanceId: string } | undefined;
  /** Whether this node is dialing that node at this moment. */
  dialing: boolean;
  stopping: boolean;
  versions?: { min: number; max: number };
}

export type AcceptVerdict =
  /** `replace`: close the existing link first. `abortDial`: give up the own dial in favour of this link. */
  | { accept: true; version: number; replace: boolean; abortDial: boolean }
  | { accept: false; reason: LinkRefusal };

/**
 * Whether an incoming link is taken, so that a pair of nodes that dial each other at once ends with exactly
 * one: the dial of the node with the lower id wins.
 */
export function judgeHello(question: AcceptQuestion): AcceptVerdict {
  const { hello, ownNodeId, existing } = question;
  const agreed = agreeOnVersion(question.versions ?? LINK_VERSIONS, hello);
  if (agreed === undefined) return { accept: false, reason: 'version' };
  if (hello.target !== ownNodeId || hello.nodeId === ownNodeId)
    return { accept: false, reason: 'wrong-node' };
  if (question.stopping) return { accept: false, reason: 'stopping' };
  if (existing) {
    const outdated = existing.instanceId !== hello.instanceId || existing.linkId === hello.replaces;
    if (!outdated) return { accept: false, reason: 'duplicate' };
    return { accept: true, version: agreed, replace: true, abortDial: false };
  }
  if (question.dialing && ownNodeId < hello.nodeId) return { accept: false, reason: 'duplicate' };
  return { accept: true, version: agreed, replace: false, abortDial: question.dialing };
}
