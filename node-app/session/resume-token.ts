import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * `<node id, base64url>.<256 random bits, base64url>`. The node id lets any gateway find the session's node
 * without asking placement for a new one; the secret part is what proves the client.
 */
export function createResumeToken(nodeId: string): string {
  return `${Buffer.from(nodeId, 'utf8').toString('base64url')}.${randomBytes(32).toString('base64url')}`;
}

/** The node that a token points at, or undefined when it is none of ours. Proves nothing. */
export function nodeOfResumeToken(token: string): string | undefined {
  const match = /^([A-Za-z0-9_-]{1,200})\.[A-Za-z0-9_-]{43}$/.exec(token);
  if (!match?.[1]) return undefined;
  const nodeId = Buffer.from(match[1], 'base64url').toString('utf8');
  return /^[\w.:-]{1,128}$/.test(nodeId) ? nodeId : undefined;
}

/** Compares without telling by its duration how much was right. */
export function sameResumeToken(left: string, right: string): boolean {
  const digest = (token: string) => createHash('sha256').update(token).digest();
  return timingSafeEqual(digest(left), digest(right));
}
