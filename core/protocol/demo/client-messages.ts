import { z } from 'zod';
import { FleetError } from '../../errors';
import {
  appDataSchema,
  dtlsParametersSchema,
  mediaKindSchema,
  rtpCapabilitiesSchema,
  rtpParametersSchema,
  sctpCapabilitiesSchema,
  sctpStreamParametersSchema,
} from './media-parameters';
import { deviceSchema, displayNameSchema, peerIdSchema } from './peer-info';

/**
 * What a client of mediasoup-demo may send, in both generations of its protocol: the older (server/lib/Room.js at
 * 0521b13), which the native clients speak, and the newer (server/src/signaling/protooMessages.ts at 874520e).
 * They use the same names; where they differ, a schema takes either form. `forms` says which of request and
 * notification is accepted: the older generation sends the object controls as requests, the newer as
 * notifications, and either is harmless from both.
 */
const id = z.string().min(1).max(200);
const nothing = z.unknown().transform(() => ({}));
const layer = z.number().int().min(0).max(15);

const REQUEST = { request: true, notification: false } as const;
const EITHER = { request: true, notification: true } as const;

export const clientMessages = {
  getRtcStatsUrl: { forms: REQUEST, data: nothing },
  getRouterRtpCapabilities: { forms: REQUEST, data: nothing },
  join: {
    forms: REQUEST,
    data: z.object({
      displayName: displayNameSchema.nullish().transform((name) => name ?? ''),
      device: deviceSchema,
      /** Absent: the peer doesn't want to receive. */
      rtpCapabilities: rtpCapabilitiesSchema.nullish().transform((value) => value ?? undefined),
      sctpCapabilities: sctpCapabilitiesSchema,
      /** Ours, of a session that migrates: what it receives, in the order of its connection, and with which mid. */
      slots: z
        .array(z.object({ mid: z.string().regex(/^\d{1,7}$/), producerId: id }))
        .max(2_000)
        .optional(),
    }),
  },
  /** Ours: this session takes the place of the one from which it migrates. */
  takeOver: { forms: REQUEST, data: nothing },
  /** Ours, to the session that was to migrate: it did not come to it, for now. */
  migrationFailed: { forms: REQUEST, data: z.object({ code: z.string().max(100) }) },
  createWebRtcTransport: {
    forms: REQUEST,
    data: z.object({
      forceTcp: z
        .boolean()
        .nullish()
        .transform((value) => value ?? false),
      producing: z.boolean().nullish(),
      consuming: z.boolean().nullish(),
      sctpCapabilities: sctpCapabilitiesSchema,
      appData: z
        .looseObject({ direction: z.enum(['producer', 'consumer']).nullish() })
        .nullish()
        .transform((value) => ({ direction: value?.direction ?? undefined })),
    }),
  },
  connectWebRtcTransport: {
    forms: REQUEST,
    data: z.object({ transportId: id, dtlsParameters: dtlsParametersSchema }),
  },
  restartIce: { forms: REQUEST, data: z.object({ transportId: id }) },
  produce: {
    forms: REQUEST,
    data: z.object({
      transportId: id,
      kind: mediaKindSchema,
      rtpParameters: rtpParametersSchema,
      appData: appDataSchema,
    }),
  },
  closeProducer: { forms: EITHER, data: z.object({ producerId: id }) },
  pauseProducer: { forms: EITHER, data: z.object({ producerId: id }) },
  resumeProducer: { forms: EITHER, data: z.object({ producerId: id }) },
  pauseConsumer: { forms: EITHER, data: z.object({ consumerId: id }) },
  resumeConsumer: { forms: EITHER, data: z.object({ consumerId: id }) },
  setConsumerPreferredLayers: {
    forms: EITHER,
    data: z.object({
      consumerId: id,
      spatialLayer: layer,
      temporalLayer: layer.nullish().transform((value) => value ?? undefined),
    }),
  },
  setConsumerPriority: {
    forms: EITHER,
    data: z.object({ consumerId: id, priority: z.number().int().min(1).max(255) }),
  },
  requestConsumerKeyFrame: { forms: EITHER, data: z.object({ consumerId: id }) },
  produceData: {
    forms: REQUEST,
    data: z.object({
      transportId: id,
      sctpStreamParameters: sctpStreamParametersSchema,
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
      appData: appDataSchema,
    }),
  },
  changeDisplayName: { forms: EITHER, data: z.object({ displayName: displayNameSchema }) },
  /** Ours: whom this peer always wants to see and hear, the most important first. */
  setPinnedPeers: { forms: EITHER, data: z.object({ peerIds: z.array(peerIdSchema).max(100) }) },
  getTransportStats: { forms: REQUEST, data: z.object({ transportId: id }) },
  getProducerStats: { forms: REQUEST, data: z.object({ producerId: id }) },
  getConsumerStats: { forms: REQUEST, data: z.object({ consumerId: id }) },
  getDataProducerStats: { forms: REQUEST, data: z.object({ dataProducerId: id }) },
  getDataConsumerStats: { forms: REQUEST, data: z.object({ dataConsumerId: id }) },
  /** mediasoup-demo shapes its own host's network with these; here they are refused. */
  applyNetworkThrottle: { forms: REQUEST, data: nothing },
  resetNetworkThrottle: { forms: REQUEST, data: nothing },
  stopNetworkThrottle: { forms: REQUEST, data: nothing },
} as const satisfies Record<string, ClientMessageSpecification>;

interface ClientMessageSpecification {
  forms: { request: boolean; notification: boolean };
  data: z.ZodType;
}

export type ClientMethod = keyof typeof clientMessages;
export type ClientData<M extends ClientMethod> = z.infer<(typeof clientMessages)[M]['data']>;
export type ClientMessageForm = 'request' | 'notification';

/** @throws FleetError FLEET_ERR_UNKNOWN_METHOD */
export function clientMethod(method: string, form: ClientMessageForm): ClientMethod {
  if (!isClientMethod(method) || !clientMessages[method].forms[form]) {
    throw new FleetError('FLEET_ERR_UNKNOWN_METHOD', { message: `no ${form} ${method.slice(0, 100)}` });
  }
  return method;
}

function isClientMethod(method: string): method is ClientMethod {
  return Object.hasOwn(clientMessages, method);
}

/** @throws FleetError FLEET_ERR_BAD_REQUEST, naming the field */
export function parseClientData<M extends ClientMethod>(method: M, data: unknown): ClientData<M> {
  return parseOrThrow(clientMessages[method].data, data ?? {}) as ClientData<M>;
}

/** @throws FleetError FLEET_ERR_BAD_REQUEST, naming the first field that is wrong */
export function parseOrThrow<S extends z.ZodType>(schema: S, data: unknown): z.infer<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  throw new FleetError('FLEET_ERR_BAD_REQUEST', {
    message: `${path === '' ? 'data' : path}: ${issue?.message ?? 'invalid'}`.slice(0, 300),
  });
}
