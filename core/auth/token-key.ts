import { z } from 'zod';

/**
 * A key that verifies (HS256 also: signs) tokens. HMAC keys shorter than the hash weaken it (RFC 7518 §3.2),
 * hence 32 bytes.
 */
export const tokenKeySchema = z.discriminatedUnion('alg', [
  z.strictObject({
    /** Key id: the token's header names it, so that keys can be rotated. */
    kid: z.string().min(1).max(64),
    alg: z.literal('HS256'),
    secret: z.string().min(32, 'a secret of at least 32 characters is needed').max(1_024),
  }),
  z.strictObject({
    kid: z.string().min(1).max(64),
    alg: z.literal('EdDSA'),
    /** PEM (SPKI) of an Ed25519 public key. */
    publicKey: z.string().min(1).max(4_096),
  }),
]);

export const tokenKeysSchema = z
  .array(tokenKeySchema)
  .max(20)
  .refine((keys) => new Set(keys.map((key) => key.kid)).size === keys.length, 'two keys have the same kid');

export type TokenKey = z.infer<typeof tokenKeySchema>;
