import { z } from 'zod';
import { roomOptionsSchema } from '../room-options';
import { deviceSchema, displayNameSchema, peerIdSchema } from './demo/peer-info';
import { mediaKindSchema } from './demo/media-parameters';

/**
 * What the nodes of one room say to each other. They form a tree: the home, and each further node (an edge) linked to
 * it. A message about a node or from a node reaches all others, since each passes on to its other neighbours what one
 * of them said. Each says whole states, so that hearing one twice does no harm.
 */

/** A way through more nodes than this is a loop. */
export const MAX_ROOM_LINK_HOPS = 6;

const nodeId = z.string().regex(/^[\w.:-]{1,128}$/);
const entityId = z.string().min(1).max(64);
const appDataSchema = z.record(z.string().max(200), z.unknown());
const hops = z.number().int().min(0).max(MAX_ROOM_LINK_HOPS);

/** A codec as mediasoup-demo lists it. */
const listedCodecSchema = z.object({
  mimeType: z.string().max(100),
  payloadType: z.number().int().min(0).max(127),
  clockRate: z.number().int().positive(),
  channels: z.number().int().positive().max(255).optional(),
  parameters: z.record(z.string().max(100), z.unknown()).optional(),
});

export const announcedStreamSchema = z.object({
  id: entityId,
  /** Of the router at which its publisher sits. */
  routerId: entityId,
  kind: mediaKindSchema,
  /** The lane that it takes on a pipe. */
  lane: z.enum(['whole', 'layered']),
  codecs: z.array(listedCodecSchema).max(64),
  appData: appDataSchema,
  /** Ranked with the room's other microphones. */
  isMicrophone: z.boolean().optional(),
});

export const announcedDataSchema = z.object({
  id: entityId,
  routerId: entityId,
  label: z.string().max(1_000),
  appData: appDataSchema,
});

/** All that the others may know of a peer or a broadcaster. */
export const announcedPeerSchema = z.object({
  peerId: peerIdSchema,
  /** Of two with the same id the one with the higher stamp is the newer one. */
  stamp: z.number(),
  displayName: displayNameSchema,
  device: deviceSchema,
  /** Empty unless the deployment shows addresses. */
  remoteAddress: z.string().max(128),
  /** It only listens, in a room so large that such people are counted and not listed. */
  isAudience: z.boolean().optional(),
  /** What its token says of the room. */
  roomOptions: roomOptionsSchema.optional(),
  /** The node from which it has migrated: who received it from there goes on doing so until that ends. */
  migratedFrom: nodeId.optional(),
  /** It has migrated from here: only who receives it already has to do with it. */
  succeeded: z.boolean().optional(),
  streams: z.array(announcedStreamSchema).max(1_000),
  data: z.array(announcedDataSchema).max(1_000),
});

const speakerSchema = z.object({ peerId: peerIdSchema, volume: z.number() });
const microphoneLevelSchema = z.object({ producerId: entityId, volume: z.number() });

export const roomLinkMessageSchema = z.discriminatedUnion('t', [
  /** `origin` is part of the room, and in that region; of a home, with the home in the root region. */
  z.object({
    t: z.literal('node'),
    origin: nodeId,
    hops,
    region: z.string().max(64).optional(),
    rootId: nodeId.optional(),
  }),
  /** It no longer is. */
  z.object({ t: z.literal('nodeGone'), origin: nodeId, hops }),
  /** A publisher on `origin` is new, or has changed. */
  z.object({ t: z.literal('peer'), origin: nodeId, hops, peer: announcedPeerSchema }),
  z.object({ t: z.literal('peerGone'), origin: nodeId, hops, peerId: peerIdSchema }),
  /** Who is heard on `origin`, loudest first. */
  z.object({
    t: z.literal('speaking'),
    origin: nodeId,
    hops,
    speakers: z.array(speakerSchema).max(100).readonly(),
    dominantPeerId: peerIdSchema.optional(),
  }),
  /** How loud the loudest microphones of `origin` are: for the room's home alone. */
  z.object({
    t: z.literal('levels'),
    origin: nodeId,
    hops,
    to: nodeId,
    levels: z.array(microphoneLevelSchema).max(1_000).readonly(),
  }),
  /** Which microphones are heard, as `origin` says; left out: all. The word of the room's home counts. */
  z.object({
    t: z.literal('heard'),
    origin: nodeId,
    hops,
    producerIds: z.array(entityId).max(1_000).readonly().optional(),
  }),
  /** The neighbour has told all that it knew when the link came up. */
  z.object({ t: z.literal('synced') }),
  /** From the end of a pipe on one node to the end on another. */
  z.object({ t: z.literal('pipe'), origin: nodeId, hops, to: nodeId, message: z.unknown() }),
]);

export type ListedCodec = z.infer<typeof listedCodecSchema>;
export type AnnouncedStream = z.infer<typeof announcedStreamSchema>;
export type AnnouncedData = z.infer<typeof announcedDataSchema>;
export type AnnouncedPeer = z.infer<typeof announcedPeerSchema>;
export type AnnouncedSpeaker = z.infer<typeof speakerSchema>;
export type RoomLinkMessage = z.infer<typeof roomLinkMessageSchema>;
