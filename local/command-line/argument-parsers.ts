import { InvalidArgumentError, type Command } from 'commander';
import { isRegion, parseSecretArn, type SecretArn } from '../token/secret-arn';

/** Parses a whole number in a range, for commander. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Parses a number above zero, for commander. */
export function positiveNumber(text: string): number {
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** Checks an address of a page, for commander. */
export function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be a URL such as http://localhost:3000.');
}

/** Parses the ARN of a secret, for commander. */
export function secretArn(text: string): SecretArn {
  const secret = parseSecretArn(text);
  if (secret) return secret;
  throw new InvalidArgumentError(
    'It must be the ARN of a secret, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:fleet/token-AbCdEf.',
  );
}

/** Checks the name of an AWS region, for commander. */
export function awsRegion(text: string): string {
  if (isRegion(text)) return text;
  throw new InvalidArgumentError('It must be an AWS region such as eu-central-1.');
}

/** Ends the command when a region is given without the secret that is read there. */
export function checkRegion(command: Command, flags: { region?: string; secretArn?: SecretArn }): void {
  if (flags.region !== undefined && !flags.secretArn)
    command.error('error: --region belongs to --secret-arn');
}

/** `FLEET_CAPACITY_EGRESS_BPS` as `--capacity-mbps` has it. @throws InvalidArgumentError */
export function capacityMbpsOf(bitsPerSecond: string): number {
  if (/^[1-9]\d{0,12}$/.test(bitsPerSecond)) return Number(bitsPerSecond) / 1e6;
  throw new InvalidArgumentError('It must be a whole number of bits per second.');
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** A token that outlives a year is a password. */
const MAX_DURATION_MS = 366 * UNIT_MS.d;

/** Parses a time such as `90s`, `30m`, `1h`, `7d`, for commander. Gives milliseconds. */
export function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const value = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (value > 0 && value <= MAX_DURATION_MS) return value;
  throw new InvalidArgumentError('It must be a time such as 90s, 30m, 1h or 7d, of at most 366d.');
}

const MAX_DEADLINE_MINUTES = 2_880;

/** Parses a drain's deadline such as `30m` or `4h`, for commander. Gives whole minutes, as the operator API takes them. */
export function deadlineMinutes(text: string): number {
  const minutes = durationMs(text) / UNIT_MS.m;
  if (Number.isInteger(minutes) && minutes <= MAX_DEADLINE_MINUTES) return minutes;
  throw new InvalidArgumentError('It must be whole minutes, such as 2m, 30m or 4h, and at most 48h.');
}

/** How much faster than real time: above 60, what processes really do is too slow to follow. */
export function clockSpeed(text: string): number {
  const speed = /^\d{1,2}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(speed >= 1 && speed <= 60)) throw new InvalidArgumentError('It must be a number from 1 to 60.');
  return speed;
}
