import { z } from 'zod';
import { roomOptionsSchema } from '../room-options';

/** Audience of operator tokens; required in them, and refused in peer tokens. */
export const OPERATOR_AUDIENCE = 'fleet:operator';

/** Audience of peer tokens; optional in them, and refused in operator tokens. */
export const PEER_AUDIENCE = 'fleet:peer';

/** How far the clocks of issuer and fleet may differ, seconds. */
export const TOKEN_CLOCK_SKEW_SECONDS = 30;

const numericDate = z.number().int().nonnegative();

/** What a peer's access token says. Unknown claims are ignored: issuers add their own. */
export const peerClaimsSchema = z.object({
  /** `fleet:peer`, or left out. */
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  /** The room it is for: its exact id, or a prefix followed by `*`. */
  room: z.string().min(1).max(257),
  /** The peer it is for. @default any peer id */
  peer: z.string().min(1).max(256).optional(),
  /** @default true */
  canPublish: z.boolean().default(true),
  /** @default true */
  canSubscribe: z.boolean().default(true),
  /** @default true */
  canPublishData: z.boolean().default(true),
  /** Options of the room; see core/room-options.ts. @default the deployment's */
  ...roomOptionsSchema.shape,
  /** Seconds since 1970. */
  exp: numericDate,
  /** Seconds since 1970. */
  nbf: numericDate.optional(),
  /** Who asked for it; only for logs. */
  sub: z.string().max(256).optional(),
});

/** What an operator's token says. */
export const operatorClaimsSchema = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  /** Who the operator is, for the audit log. */
  sub: z.string().max(256).optional(),
  /** Seconds since 1970. */
  exp: numericDate,
  /** Seconds since 1970. */
  nbf: numericDate.optional(),
});

export type PeerClaims = z.infer<typeof peerClaimsSchema>;
export type OperatorClaims = z.infer<typeof operatorClaimsSchema>;

/** Whether a token's `room` claim covers a room: `demo` only itself, `demo-*` every room that begins so. */
export function claimCoversRoom(claim: string, roomId: string): boolean {
  return claim.endsWith('*') ? roomId.startsWith(claim.slice(0, -1)) : claim === roomId;
}

/** Whether a token's audience fits peers, operators, or (both named, or another one only) nobody. */
export function audienceOf(audience: string | string[] | undefined): 'peer' | 'operator' | 'none' {
  if (audience === undefined) return 'peer';
  const all = Array.isArray(audience) ? audience : [audience];
  const peer = all.includes(PEER_AUDIENCE);
  const operator = all.includes(OPERATOR_AUDIENCE);
  // One token for both kinds of route would undo their separation.
  if (peer === operator) return 'none';
  return peer ? 'peer' : 'operator';
}
