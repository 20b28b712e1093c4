/** Bits per second in the unit that fits: `812 kbit/s`, `64.2 Mbit/s`, `1.25 Gbit/s`. */
export function bitrateText(bps: number): string {
  if (bps < 1e6) return `${Math.round(bps / 1e3)} kbit/s`;
  if (bps < 1e9) return `${(bps / 1e6).toFixed(bps < 1e8 ? 1 : 0)} Mbit/s`;
  return `${(bps / 1e9).toFixed(2)} Gbit/s`;
}

/** `632 of 750 Mbit/s`, both in the unit of the second. */
export function bitrateOfText(bps: number, ofBps: number): string {
  const [value = '', unit = ''] = bitrateText(ofBps).split(' ');
  return `${inUnit(bps, unit, value.includes('.'))} of ${value} ${unit}`;
}

function inUnit(bps: number, unit: string, withDecimals: boolean): string {
  const size = unit.startsWith('G') ? 1e9 : unit.startsWith('M') ? 1e6 : 1e3;
  const digits = !withDecimals || bps === 0 ? 0 : size === 1e9 ? 2 : 1;
  return (bps / size).toFixed(digits);
}

/** A share in whole percent; what is not nothing is at least `< 1 %`. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  return `${Math.round(share * 100)} %`;
}

/** A share as a length of a style sheet. */
export function cssPercent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

/** `45 s`, `4 min`, `2 h 5 min`, `3 d`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.round(hours / 24)} d`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Time of day with seconds, always 24 hours: it is compared, not read aloud. */
export function timeText(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB');
}

/** A figure of any size in few characters: `0.42`, `17`, `30 k`. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trimmed(value / 1e9)} G`;
  if (size >= 1e6) return `${trimmed(value / 1e6)} M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)} k`;
  return trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)));
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `node-2` before `node-10`. */
export const byName = new Intl.Collator('en', { numeric: true }).compare;

/** `InService` as `in service`, `Terminating:Wait` as `terminating, waits`. */
export function lifecycleText(state: string): string {
  const words = state.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.replace(':wait', ', waits').replace(':proceed', ', proceeds').replace(':', ' ');
}
