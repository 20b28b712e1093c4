import { z } from 'zod';

/**
 * The structure of mediasoup's parameters, as far as it must hold before they may reach a worker: types, sizes
 * and number ranges. What they mean is mediasoup's to check. Strict about values, because mediasoup serializes
 * them into a buffer that all of a worker's rooms share.
 */
const parameterValue = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()]);
const codecParameters = z.record(z.string().max(100), parameterValue).nullish().transform(dropNulls);
const uint32 = z.number().int().min(0).max(0xffff_ffff);
const payloadType = z.number().int().min(0).max(127);
const headerExtensionId = z.number().int().min(1).max(255);

function dropNulls(
  parameters: Record<string, string | number | boolean | null> | null | undefined,
): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(parameters ?? {})) {
    if (value !== null) kept[key] = value;
  }
  return kept;
}

const rtcpFeedback = z
  .array(z.object({ type: z.string().max(100), parameter: z.string().max(100).optional() }))
  .max(32)
  .optional();

export const mediaKindSchema = z.enum(['audio', 'video']);

const rtpCodecParametersSchema = z.object({
  mimeType: z.string().max(100),
  payloadType,
  clockRate: z.number().int().positive(),
  channels: z.number().int().positive().max(255).optional(),
  parameters: codecParameters,
  rtcpFeedback,
});

/** What a client sends with `produce`. */
export const rtpParametersSchema = z.object({
  mid: z.string().max(32).optional(),
  msid: z.string().max(200).optional(),
  codecs: z.array(rtpCodecParametersSchema).min(1).max(64),
  headerExtensions: z
    .array(
      z.object({
        uri: z.string().max(200),
        id: headerExtensionId,
        encrypt: z.boolean().optional(),
        parameters: codecParameters,
      }),
    )
    .max(64)
    .optional(),
  encodings: z
    .array(
      z.object({
        ssrc: uint32.optional(),
        rid: z.string().max(32).optional(),
        codecPayloadType: payloadType.optional(),
        rtx: z.object({ ssrc: uint32 }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: z.string().max(32).optional(),
        maxBitrate: z.number().int().nonnegative().max(2_147_483_647).optional(),
      }),
    )
    .max(16)
    .optional(),
  rtcp: z.object({ cname: z.string().max(200).optional(), reducedSize: z.boolean().optional() }).optional(),
});

/** What a client can receive; sent with `join`. */
export const rtpCapabilitiesSchema = z.object({
  codecs: z
    .array(
      z.object({
        kind: mediaKindSchema,
        mimeType: z.string().max(100),
        preferredPayloadType: payloadType.optional(),
        clockRate: z.number().int().positive(),
        channels: z.number().int().positive().max(255).optional(),
        parameters: codecParameters,
        rtcpFeedback,
      }),
    )
    .max(256)
    .optional(),
  headerExtensions: z
    .array(
      z.object({
        kind: mediaKindSchema.optional(),
        uri: z.string().max(200),
        preferredId: headerExtensionId,
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(128)
    .optional(),
});

export const dtlsParametersSchema = z.object({
  role: z.enum(['auto', 'client', 'server']).optional(),
  fingerprints: z
    .array(
      z.object({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z
          .string()
          .max(200)
          .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+$/),
      }),
    )
    .min(1)
    .max(10),
});

export const srtpCryptoSuiteSchema = z.enum([
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
]);

export const srtpParametersSchema = z.object({
  cryptoSuite: srtpCryptoSuiteSchema,
  keyBase64: z.base64().max(200),
});

const uint16 = z.number().int().min(0).max(65_535);

export const sctpStreamParametersSchema = z.object({
  streamId: uint16,
  ordered: z.boolean().optional(),
  maxPacketLifeTime: uint16.nullish().transform((value) => value ?? undefined),
  maxRetransmits: uint16.nullish().transform((value) => value ?? undefined),
});

/**
 * `sctpCapabilities` only says whether the client wants data channels: their numbers of streams have no meaning
 * to mediasoup 3.27 any more. Some native clients send an empty string for "no".
 */
export const sctpCapabilitiesSchema = z
  .unknown()
  .optional()
  .transform((value) => Boolean(value));

/** Longest custom data that a client may attach to an object, as JSON; it is sent on to every subscriber. */
const MAX_APP_DATA_CHARACTERS = 4_096;

export const appDataSchema = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((appData) => appData ?? {})
  .refine((appData) => JSON.stringify(appData).length <= MAX_APP_DATA_CHARACTERS, 'appData is too large');

export type MediaKind = z.infer<typeof mediaKindSchema>;
export type ClientRtpParameters = z.infer<typeof rtpParametersSchema>;
export type ClientSctpStreamParameters = z.infer<typeof sctpStreamParametersSchema>;
export type AppData = Record<string, unknown>;
