import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors';
import {
  appDataSchema,
  mediaKindSchema,
  rtpParametersSchema,
  sctpStreamParametersSchema,
  srtpParametersSchema,
} from './demo/media-parameters';

/**
 * What the two ends of a pipe between nodes say to each other (ADR 3). All of it is JSON, and whoever carries it keeps
 * its order in each direction. A pipe's id is chosen at random by the sink's node. Each message has the number `seq`,
 * counted per pipe and direction from 1: a message that isn't newer than the last one is a repetition and is ignored,
 * and one that leaves a gap makes the sink say anew what it wants (`sync`). A call is named by its `seq`.
 */

/** Things that one pipe pulls at most. A `sync` names all of them, in half a megabyte; a link takes 4 MiB. */
export const MAX_PULLED_PER_PIPE = 5_000;
/** Holders that a full source names at most. */
export const MAX_NAMED_HOLDERS = 32;

const pipe = z.string().regex(/^[\w-]{16,64}$/);
const seq = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
/** Of a producer or data producer; mediasoup's are UUIDs. */
const mediaId = z.string().min(1).max(100);
const routerId = z.string().min(1).max(100);
const nodeId = z.string().regex(/^[\w.:-]{1,128}$/);
const lane = z.enum(['whole', 'layered']);
const spatialLayers = z.array(z.number().int().min(0).max(15)).max(16);
/** What is asked of a stream (`WantedLayers`); a release that doesn't know the temporal layer sends all. */
const wantedLayers = { spatialLayers, temporalLayer: z.number().int().min(0).max(15).optional() };
/** Those who were named with FLEET_ERR_PIPE_FULL don't pass it on. */
const insists = z.boolean().optional();
/** Nodes that a stream has passed since its publisher's. */
const depth = z.number().int().min(0).max(16);

const laneEnd = z.object({
  ip: z.string().min(1).max(255),
  port: z.number().int().min(1).max(65_535),
  srtpParameters: srtpParametersSchema,
});

const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);
const pipeError = z.object({
  /** A newer release may know codes that this one does not. */
  code: errorCode.catch('FLEET_ERR_INTERNAL'),
  message: z.string().max(1_000),
});

const pulledMedia = z.object({
  kind: mediaKindSchema,
  rtpParameters: rtpParametersSchema,
  paused: z.boolean(),
  liveLayers: spatialLayers,
  appData: appDataSchema,
});

const pulledData = z.object({
  sctpStreamParameters: sctpStreamParametersSchema,
  label: z.string().max(1_000),
  protocol: z.string().max(1_000),
  appData: appDataSchema,
});

/** A router of a node that has pulled a stream. */
const holder = z.object({ nodeId, routerId });

/** From the sink. */
export const sinkMessageSchema = z.discriminatedUnion('m', [
  /** The first one of a pipe. */
  z.object({ m: z.literal('open'), pipe, seq, routerId, sinkRouterId: routerId }),
  /** Call, answered by `laneOpened` or `failed`. */
  z.object({ m: z.literal('openLane'), pipe, seq, lane, end: laneEnd }),
  /** Call, answered by `pulled` or `failed`. */
  z.object({ m: z.literal('pull'), pipe, seq, id: mediaId, lane, insists }),
  /** Call, answered by `pulledData` or `failed`. */
  z.object({ m: z.literal('pullData'), pipe, seq, id: mediaId, insists }),
  z.object({ m: z.literal('want'), pipe, seq, id: mediaId, ...wantedLayers }),
  z.object({ m: z.literal('drop'), pipe, seq, id: mediaId }),
  /** All that is pulled, and what is wanted of it; answered by `state`. */
  z.object({
    m: z.literal('sync'),
    pipe,
    seq,
    pulled: z.array(z.object({ id: mediaId, ...wantedLayers })).max(MAX_PULLED_PER_PIPE),
    /** Asked for, and not answered yet. */
    pulling: z.array(mediaId).max(MAX_PULLED_PER_PIPE),
  }),
  /** Call, answered by `laneSent` or `failed`. */
  z.object({ m: z.literal('askSent'), pipe, seq, lane }),
]);

const call = seq;

/** From the source. */
export const sourceMessageSchema = z.discriminatedUnion('m', [
  z.object({ m: z.literal('laneOpened'), pipe, seq, call, end: laneEnd }),
  z.object({ m: z.literal('pulled'), pipe, seq, call, media: pulledMedia, depth }),
  z.object({ m: z.literal('pulledData'), pipe, seq, call, data: pulledData, depth }),
  z.object({ m: z.literal('laneSent'), pipe, seq, call, bytes: z.number().nonnegative() }),
  z.object({
    m: z.literal('failed'),
    pipe,
    seq,
    call,
    error: pipeError,
    /** With FLEET_ERR_PIPE_FULL: who has it, and may pass it on: of another region only those in that one. */
    holders: z.array(holder).max(MAX_NAMED_HOLDERS).optional(),
  }),
  z.object({ m: z.literal('paused'), pipe, seq, id: mediaId }),
  z.object({ m: z.literal('resumed'), pipe, seq, id: mediaId }),
  z.object({ m: z.literal('liveLayers'), pipe, seq, id: mediaId, spatialLayers }),
  z.object({ m: z.literal('closed'), pipe, seq, id: mediaId }),
  /** A message of the sink was missing: it shall `sync`. */
  z.object({ m: z.literal('lost'), pipe, seq }),
  z.object({
    m: z.literal('state'),
    pipe,
    seq,
    pulled: z
      .array(z.object({ id: mediaId, paused: z.boolean(), liveLayers: spatialLayers }))
      .max(MAX_PULLED_PER_PIPE),
    /** What the sink took for pulled, and the source doesn't know. */
    closed: z.array(mediaId).max(MAX_PULLED_PER_PIPE),
  }),
]);

/** From either. Never answered. */
export const closeMessageSchema = z.object({
  m: z.literal('close'),
  pipe,
  error: pipeError.optional(),
});

/** What any message of a pipe has, also one of a kind that only a newer release knows. */
export const pipeEnvelopeSchema = z.object({ m: z.string().max(32), pipe, seq: seq.optional() });

export type PipeMedia = z.infer<typeof pulledMedia>;
export type PipeData = z.infer<typeof pulledData>;
export type SinkMessage = z.infer<typeof sinkMessageSchema>;
export type SourceMessage = z.infer<typeof sourceMessageSchema>;
export type CloseMessage = z.infer<typeof closeMessageSchema>;
export type PipeMessage = SinkMessage | SourceMessage | CloseMessage;
