import { z } from 'zod';
import {
  appDataSchema,
  dtlsParametersSchema,
  mediaKindSchema,
  rtpCapabilitiesSchema,
  rtpParametersSchema,
  sctpCapabilitiesSchema,
  sctpStreamParametersSchema,
  srtpCryptoSuiteSchema,
  srtpParametersSchema,
} from './media-parameters';
import { deviceSchema, displayNameSchema, peerIdSchema } from './peer-info';

/**
 * What mediasoup-demo's HTTP API lets a broadcaster (ffmpeg, GStreamer) do, in both generations. Parameters are
 * JSON, so that a gateway can send them on to the node that holds the room.
 */
const id = z.string().min(1).max(200);
const broadcaster = { broadcasterId: peerIdSchema };
const transport = { ...broadcaster, transportId: id };
const optionalBoolean = z
  .boolean()
  .nullish()
  .transform((value) => value ?? undefined);
const port = z.number().int().min(1).max(65_535);

export const broadcasterOperations = {
  getRouterRtpCapabilities: z.object({}),
  createBroadcaster: z.object({
    ...broadcaster,
    displayName: displayNameSchema.min(1),
    device: deviceSchema,
    rtpCapabilities: rtpCapabilitiesSchema.nullish().transform((value) => value ?? undefined),
    remoteAddress: z.string().max(100),
    /** The current generation joins by an operation of its own, after its transports; the older one here. */
    joins: z.boolean(),
  }),
  joinBroadcaster: z.object(broadcaster),
  deleteBroadcaster: z.object(broadcaster),
  createTransport: z.object({
    ...broadcaster,
    type: z
      .enum(['plain', 'webrtc'])
      .nullish()
      .transform((value) => value ?? 'plain'),
    direction: z.enum(['producer', 'consumer']).nullish(),
    rtcpMux: optionalBoolean,
    comedia: optionalBoolean,
    sctpCapabilities: sctpCapabilitiesSchema,
    /** Ours, for a PlainTransport: encrypt. @default plain RTP, as in mediasoup-demo */
    srtpCryptoSuite: srtpCryptoSuiteSchema.optional(),
  }),
  connectTransport: z.object({
    ...transport,
    /** For a WebRtcTransport. */
    dtlsParameters: dtlsParametersSchema.optional(),
    /** For a PlainTransport; with `comedia` only `srtpParameters`. */
    ip: z.union([z.ipv4(), z.ipv6()]).optional(),
    port: port.optional(),
    rtcpPort: port.optional(),
    /** Of the other side, when the transport was created with `srtpCryptoSuite`. */
    srtpParameters: srtpParametersSchema.optional(),
  }),
  produce: z.object({
    ...transport,
    kind: mediaKindSchema,
    rtpParameters: rtpParametersSchema,
    appData: appDataSchema,
  }),
  consume: z.object({
    ...transport,
    producerId: id,
    paused: optionalBoolean,
    /** @default those given when the broadcaster was created */
    rtpCapabilities: rtpCapabilitiesSchema.nullish().transform((value) => value ?? undefined),
  }),
  resumeConsumer: z.object({ ...broadcaster, consumerId: id }),
  listProducers: z.object(broadcaster),
  produceData: z.object({
    ...transport,
    label: z
      .string()
      .max(200)
      .nullish()
      .transform((value) => value ?? ''),
    protocol: z
      .string()
      .max(200)
      .nullish()
      .transform((value) => value ?? ''),
    sctpStreamParameters: sctpStreamParametersSchema,
    appData: appDataSchema,
  }),
  consumeData: z.object({ ...transport, dataProducerId: id }),
} as const;

export type BroadcasterOperation = keyof typeof broadcasterOperations;
export type BroadcasterParams<O extends BroadcasterOperation> = z.infer<(typeof broadcasterOperations)[O]>;
