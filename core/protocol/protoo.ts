import { z } from 'zod';

/**
 * protoo's framing, as protoo-client and protoo-server speak it over a WebSocket with subprotocol `protoo`.
 * `seq` is ours and only on messages to clients that asked for resume; others never see it.
 */
const seq = z.number().int().positive().optional();
const method = z.string().min(1).max(100);
const id = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

export const protooRequestSchema = z.object({
  request: z.literal(true),
  id,
  method,
  data: z.unknown().optional(),
  seq,
});

export const protooSuccessSchema = z.object({
  response: z.literal(true),
  id,
  ok: z.literal(true),
  data: z.unknown().optional(),
  seq,
});

export const protooErrorSchema = z.object({
  response: z.literal(true),
  id,
  ok: z.literal(false),
  /** HTTP-like status of the error registry. */
  errorCode: z.number().int(),
  /** `CODE: what happened`, e.g. `FLEET_ERR_NOT_FOUND: no transport 12`. */
  errorReason: z.string().max(2_000),
  seq,
});

export const protooNotificationSchema = z.object({
  notification: z.literal(true),
  method,
  data: z.unknown().optional(),
  seq,
});

export const protooMessageSchema = z.union([
  protooRequestSchema,
  protooSuccessSchema,
  protooErrorSchema,
  protooNotificationSchema,
]);

export type ProtooRequest = z.infer<typeof protooRequestSchema>;
export type ProtooSuccess = z.infer<typeof protooSuccessSchema>;
export type ProtooError = z.infer<typeof protooErrorSchema>;
export type ProtooResponse = ProtooSuccess | ProtooError;
export type ProtooNotification = z.infer<typeof protooNotificationSchema>;
export type ProtooMessage = z.infer<typeof protooMessageSchema>;

/** The WebSocket subprotocol of mediasoup-demo's clients. */
export const PROTOO_SUBPROTOCOL = 'protoo';

/**
 * WebSocket close codes. protoo-client reconnects by itself after every code but 4000, so a refusal that can
 * not succeed later uses 4000, and everything that may be tried again uses a standard code.
 */
export const CLOSE_CODES = {
  /** Refused or removed for good. */
  final: 4000,
  /** The room or this gateway moves: connect again (RFC 6455 "service restart"). */
  moved: 1012,
  /** Try again later: no capacity, placement away (RFC 6455 "try again later"). */
  tryAgainLater: 1013,
  /** The client broke the rules: too large, too fast, not JSON (RFC 6455 "policy violation"). */
  policyViolation: 1008,
} as const;
