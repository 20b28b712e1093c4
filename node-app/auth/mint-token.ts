import { createPrivateKey, createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { OPERATOR_AUDIENCE, PEER_AUDIENCE } from '../../core/auth/token-claims';

/** What signs: the same secret that verifies (HS256), or an Ed25519 private key whose public half does. */
export type SigningKey =
  | { kid: string; alg: 'HS256'; secret: string }
  | {
      kid: string;
      alg: 'EdDSA';
      /** PEM (PKCS #8). */
      privateKey: string;
    };

export interface MintPeerTokenOptions {
  key: SigningKey;
  /** Exact room id, or a prefix followed by `*`. */
  room: string;
  /** @default any peer id */
  peer?: string | undefined;
  /** How long the token is valid, seconds. */
  ttlSeconds: number;
  /** @default true */
  canPublish?: boolean | undefined;
  /** @default true */
  canSubscribe?: boolean | undefined;
  /** @default true */
  canPublishData?: boolean | undefined;
  /** Seconds since 1970. @default at once */
  notBefore?: number | undefined;
  /** Wall clock, milliseconds since 1970. */
  nowMs: number;
}

/** An access token for a peer. */
export function mintPeerToken(options: MintPeerTokenOptions): Promise<string> {
  const { room, peer, canPublish, canSubscribe, canPublishData, notBefore } = options;
  return sign(options, PEER_AUDIENCE, {
    room,
    peer,
    canPublish,
    canSubscribe,
    canPublishData,
    nbf: notBefore,
  });
}

export interface MintOperatorTokenOptions {
  key: SigningKey;
  /** Who the operator is, for the audit log. */
  subject: string;
  ttlSeconds: number;
  /** Wall clock, milliseconds since 1970. */
  nowMs: number;
}

/** An access token for the operator API. */
export function mintOperatorToken(options: MintOperatorTokenOptions): Promise<string> {
  return sign(options, OPERATOR_AUDIENCE, { sub: options.subject });
}

function sign(
  { key, ttlSeconds, nowMs }: { key: SigningKey; ttlSeconds: number; nowMs: number },
  audience: string,
  claims: Record<string, unknown>,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const defined = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(defined)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttlSeconds)
    .sign(key.alg === 'HS256' ? createSecretKey(key.secret, 'utf8') : createPrivateKey(key.privateKey));
}
