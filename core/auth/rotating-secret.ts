import { z } from 'zod';
import { tokenKeySchema, type TokenKey } from './token-key';

/**
 * What a secret of the deployment holds, as JSON: the value in use, and during a rotation the one before it, which is
 * accepted still. A value of the link, store and webhook secrets is text; one of the token secrets is text (an HS256
 * secret, whose key id follows from it) or a whole key.
 */
export const rotatingSecretSchema = z.strictObject({
  current: z.string().min(1).max(4_096),
  previous: z.string().min(1).max(4_096).optional(),
});

const keyValueSchema = z.union([z.string().min(32).max(1_024), tokenKeySchema]);

export const rotatingKeySchema = z.strictObject({
  current: keyValueSchema,
  previous: keyValueSchema.optional(),
});

/** The keys that verify tokens, the one that signs first. */
export function tokenKeysOf({ current, previous }: z.infer<typeof rotatingKeySchema>): TokenKey[] {
  return [current, ...(previous === undefined ? [] : [previous])].map((value) =>
    typeof value === 'string' ? { kid: keyIdOf(value), alg: 'HS256', secret: value } : value,
  );
}

/**
 * The key id of an HS256 secret that came without one: FNV-1a, 32 bits. It lets a token name its key across a
 * rotation. It tells no more of the secret than the signature of a token does, which it stands beside.
 */
export function keyIdOf(secret: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < secret.length; index += 1) {
    hash = Math.imul(hash ^ secret.charCodeAt(index), 0x01000193);
  }
  return `k${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
