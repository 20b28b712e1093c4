/** Up to two letters that stand for a name: of its first and last word, whatever the script. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0];
  if (first === undefined) return '?';
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  const letters = [first, last].flatMap((word) => (word === undefined ? [] : firstLetter(word)));
  return letters.join('').toLocaleUpperCase();
}

/** By code point, so that an emoji or a rare letter is not cut in half. */
function firstLetter(word: string): string {
  return Array.from(word)[0] ?? '';
}

/** A hue (0–359) that stays the same for the same text, so that a person keeps their colour. */
export function hueOf(text: string): number {
  let hash = 2166136261;
  for (const letter of text) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619);
  }
  return (hash >>> 0) % 360;
}

/** Bits per second in the unit that fits: `812 kbit/s`, `2.4 Mbit/s`. */
export function bitrateText(bps: number | undefined): string {
  if (bps === undefined || !Number.isFinite(bps)) return '–';
  if (bps < 1_000) return '0 kbit/s';
  if (bps < 1_000_000) return `${Math.round(bps / 1_000)} kbit/s`;
  return `${(bps / 1_000_000).toFixed(1)} Mbit/s`;
}

/** A share (0–1) in percent, with a decimal only where it says something. */
export function percentText(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return '–';
  const percent = share * 100;
  return percent === 0 || percent >= 10 ? `${Math.round(percent)} %` : `${percent.toFixed(1)} %`;
}

/** Whole milliseconds; between machines of one desk less than one. */
export function millisecondsText(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '–';
  return ms < 1 ? '< 1 ms' : `${Math.round(ms)} ms`;
}

/** Hour and minute as the person's own locale writes them. */
export function clockText(atMs: number, locale?: string): string {
  return new Date(atMs).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}

/** A number for a badge: what is more than 99 doesn't fit. */
export function badgeText(count: number): string {
  return count > 99 ? '99+' : String(count);
}

/** Seconds left until `atMs`, never under 0. */
export function secondsLeft(atMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((atMs - nowMs) / 1_000));
}
