import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import {
  OPERATOR_AUDIENCE,
  operatorClaimsSchema,
  PEER_AUDIENCE,
  peerClaimsSchema,
  type OperatorClaims,
  type PeerClaims,
} from '../../core/auth/token-claims';
import type { SigningKey } from './signing-key';

export interface PeerTokenRequest {
  kind: 'peer';
  /** A room's exact id, or a prefix followed by `*`. */
  room: string;
  /** @default any peer id */
  peer?: string | undefined;
  canPublish: boolean;
  canSubscribe: boolean;
  canPublishData: boolean;
}

export interface OperatorTokenRequest {
  kind: 'operator';
}

export interface MintTokenOptions {
  request: PeerTokenRequest | OperatorTokenRequest;
  /** How long it is valid, milliseconds. Tokens count in seconds: rounded up. */
  ttlMs: number;
  /** Who asks for it; only for logs. */
  subject?: string | undefined;
  key: SigningKey;
  /** Milliseconds since 1970. */
  nowMs: number;
}

/** A signed token as `node-app` takes it. @throws ZodError when the request does not fit the claims' schema */
export async function mintToken(options: MintTokenOptions): Promise<string> {
  const { key, request } = options;
  const iat = Math.floor(options.nowMs / 1_000);
  const times = {
    exp: iat + Math.ceil(options.ttlMs / 1_000),
    ...(options.subject && { sub: options.subject }),
  };
  const claims: PeerClaims | OperatorClaims =
    request.kind === 'operator'
      ? operatorClaimsSchema.parse({ aud: OPERATOR_AUDIENCE, ...times })
      : peerClaimsSchema.parse({
          aud: PEER_AUDIENCE,
          room: request.room,
          peer: request.peer,
          canPublish: request.canPublish,
          canSubscribe: request.canSubscribe,
          canPublishData: request.canPublishData,
          ...times,
        });
  return new SignJWT({ ...claims, iat, jti: randomUUID() })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
    .sign(key.alg === 'HS256' ? new TextEncoder().encode(key.secret) : createPrivateKey(key.privateKey));
}
