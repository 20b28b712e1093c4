/** Longest name that is looked at; a pattern is a Redis key, so it stays short. */
const MAX_PATTERN_LENGTH = 64;

/**
 * The pattern of a room's name: what rooms of one kind have in common, so that the size of the next can be
 * learned from the earlier ones. Parts that look like an id, a number or a date become `*`:
 * `standup-2026-11-21` and `standup-2026-11-22` are both `standup-*`, `class/7b/math` is `class/*\/math`.
 */
export function roomNamePattern(roomId: string): string {
  const parts = roomId
    .normalize('NFC')
    .toLowerCase()
    .slice(0, 256)
    .split(/([^\p{L}\p{N}]+)/u);
  let pattern = '';
  for (const [index, part] of parts.entries()) {
    const isSeparator = index % 2 === 1;
    if (!isSeparator) {
      // Two ids in a row say no more than one.
      if (part !== '')
        pattern = looksLikeId(part) ? `${pattern.replace(/\*[^*\p{L}\p{N}]+$/u, '')}*` : pattern + part;
    } else {
      pattern += part;
    }
  }
  return pattern.replace(/\*{2,}/g, '*').slice(0, MAX_PATTERN_LENGTH) || '*';
}

/** With a digit, or too long for a word of a name. */
function looksLikeId(part: string): boolean {
  return /\p{N}/u.test(part) || part.length > 20;
}
