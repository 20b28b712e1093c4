import { FleetError } from '../../core/errors';

/** Where placement's Redis is. */
export interface StoreSettings {
  host: string;
  port: number;
  /** False only for an endpoint that says `redis://` itself; AWS' never does. */
  tls: boolean;
  /** Secret with the password, as JSON `{"current": "…", "previous": "…"}`. Undefined: the store wants none. */
  secretArn: string | undefined;
  keyPrefix: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws FleetError FLEET_ERR_CONFIG, one line that names the variable */
export function readStoreSettings(env: Environment): StoreSettings {
  const endpoint = readText(
    env,
    'FLEET_REDIS_ENDPOINT',
    /^(rediss?:\/\/)?(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/,
    'must be host:port',
  );
  const url = new URL(endpoint.includes('://') ? endpoint : `rediss://${endpoint}`);
  const tls = url.protocol === 'rediss:';
  const secretArn = env['FLEET_REDIS_SECRET_ARN'] || undefined;
  if (tls && secretArn === undefined) throw invalid('FLEET_REDIS_SECRET_ARN', 'is required');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port),
    tls,
    secretArn,
    keyPrefix: readText(env, 'FLEET_REDIS_PREFIX', /^[\w.:-]{1,64}$/, 'may have letters, digits and . _ : -'),
  };
}

/** @throws FleetError FLEET_ERR_CONFIG when it is missing or doesn't fit */
export function readText(env: Environment, name: string, pattern: RegExp, rule: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw invalid(name, 'is required');
  if (!pattern.test(value)) throw invalid(name, rule);
  return value;
}

/** @throws FleetError FLEET_ERR_CONFIG */
export function readWholeNumber(env: Environment, name: string, min: number, max: number): number {
  const value = Number(readText(env, name, /^\d{1,15}$/, 'must be a whole number'));
  if (value < min || value > max) throw invalid(name, `must be ${min} to ${max}`);
  return value;
}

function invalid(name: string, problem: string): FleetError {
  return new FleetError('FLEET_ERR_CONFIG', { message: `${name} ${problem}` });
}
