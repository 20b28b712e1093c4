import { createHash } from 'node:crypto';

/** The same hexadecimal digits for the same text, for ids that AWS would draw. */
export function hexOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
