import type { RandomSource } from '../../../core/clock';

/** Hexadecimal digits. */
export function hex(random: RandomSource, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
}

/** E.g. `i-0123456789abcdef0`. */
export function resourceId(random: RandomSource, prefix: 'i' | 'lt'): string {
  return `${prefix}-0${hex(random, 16)}`;
}

/** Like a UUID of version 4; tokens and ids of activities look so. */
export function uuid(random: RandomSource): string {
  return [hex(random, 8), hex(random, 4), `4${hex(random, 3)}`, `a${hex(random, 3)}`, hex(random, 12)].join(
    '-',
  );
}
