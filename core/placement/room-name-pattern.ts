/** Longest pattern; it is part of a Redis key, so it stays short. */
const MAX_PATTERN_LENGTH = 64;
/** A part longer than this is no word of a name. */
const MAX_WORD_LENGTH = 20;

/**
 * The pattern of a room's name: what rooms of one kind have in common, so that the size of the next can be
 * learned from the earlier ones. Parts with a digit, and very long ones, become `*`, several in a row only one:
 * `standup-2026-11-21` and `standup-2026-11-22` are both `standup-*`, `class/7b/math` is `class/*\/math`.
 *
 * One pass without regular expressions: this runs for every join.
 */
export function roomNamePattern(roomId: string): string {
  const name = roomId.toLowerCase();
  let pattern = '';
  let wordStart = 0;
  let hasDigit = false;
  for (let i = 0; i <= name.length && pattern.length < MAX_PATTERN_LENGTH; i += 1) {
    const code = i < name.length ? name.charCodeAt(i) : 0;
    if (isDigit(code)) hasDigit = true;
    if (isDigit(code) || isLetter(code)) continue;
    if (i > wordStart) {
      const isId = hasDigit || i - wordStart > MAX_WORD_LENGTH;
      if (!isId) pattern += name.slice(wordStart, i);
      // `*` and one separator stand for all ids of a row.
      else if (pattern.at(-2) === '*') pattern = pattern.slice(0, -1);
      else pattern += '*';
    }
    if (i < name.length) pattern += name[i];
    wordStart = i + 1;
    hasDigit = false;
  }
  return pattern.slice(0, MAX_PATTERN_LENGTH) || '*';
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Of ASCII; everything beyond it counts as a letter of some script. */
function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || code > 127;
}
