import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { isIP } from 'node:net';
import { z } from 'zod';
import { tokenKeysSchema } from '../core/auth/token-key';
import { FleetError } from '../core/errors';
import {
  DEFAULT_SELECTOR_POLICY,
  parseSelectorPolicy,
  type SelectorPolicy,
} from '../core/placement/selector-policy';
import { DEFAULT_ADMISSION_JOINS_PER_SECOND } from '../core/session/return-time';
import { DEFAULT_HEARD_SPEAKERS } from '../core/capacity/egress-model';
import { safeCapacity } from '../core/capacity/safe-capacity';
import { awsVariableShape } from './aws/aws-variables';

/**
 * A node's configuration, by environment variables, parsed and validated once. docs/configuration.md lists
 * them all with their meaning and default; a test holds the two equal.
 */

/** Variables that begin like ours but are for the tools around a node. */
const TOOL_VARIABLES = new Set(['FLEET_CHROMIUM_BIN']);

const port = integer(0, 65_535);

const iceServersSchema = z
  .array(
    z.strictObject({
      urls: z.union([z.string(), z.array(z.string()).min(1)]),
      username: z.string().optional(),
      credential: z.string().optional(),
    }),
  )
  .max(20);

const regionUrlsSchema = z.record(
  z.string().regex(/^[\w.-]{1,64}$/, 'regions have letters, digits and . _ - (at most 64)'),
  z.url({ protocol: /^https?$/, error: 'must be a URL with http or https' }),
);

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port, e.g. 10.0.1.7:4444');

const environmentSchema = z.object({
  FLEET_NODE_ID: z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'may have letters, digits and . _ : - (at most 128)')
    .default(() => `node-${randomBytes(6).toString('hex')}`),
  FLEET_REGION: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'may have letters, digits and . _ - (at most 64)')
    .default('local'),
  FLEET_REGION_URLS: json(regionUrlsSchema).default({}),
  FLEET_RELEASE: z.string().min(1).max(64).default('0.1.0'),

  FLEET_REDIS_URL: z
    .string()
    .regex(/^(rediss?|unix):\/\//, 'must begin with redis://, rediss:// or unix://')
    .refine((url) => URL.canParse(url), 'must be a URL')
    .default('redis://127.0.0.1:6379'),
  FLEET_REDIS_PREFIX: z
    .string()
    .regex(/^[\w.:-]{1,64}$/, 'may have letters, digits and . _ : - (at most 64)')
    .default('fleet'),

  FLEET_LISTEN_HOST: host().default('127.0.0.1'),
  FLEET_HTTP_PORT: port.default(8080),
  FLEET_LINK_HOST: host().default('127.0.0.1'),
  FLEET_LINK_PORT: port.default(4444),
  FLEET_LINK_ADDRESS: hostAndPort.optional(),
  FLEET_LINK_SECRETS: z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .pipe(z.array(z.string().min(32, 'each secret needs at least 32 characters').max(1_024)).min(1).max(4))
    .optional(),

  FLEET_MEDIA_LISTEN_IP: z
    .string()
    .refine((ip) => isIP(ip) !== 0, 'must be an IP address')
    .default('127.0.0.1'),
  FLEET_MEDIA_ANNOUNCED_ADDRESS: host().optional(),
  FLEET_MEDIA_PORT_BASE: port.default(44_400),
  FLEET_PIPE_PORT_MIN: integer(1_024, 65_535).default(20_000),
  FLEET_PIPE_PORT_MAX: integer(1_024, 65_535).default(29_999),
  FLEET_WORKERS: integer(1, 256).default(() => availableParallelism()),
  FLEET_WORKER_BIN: z.string().min(1).optional(),
  FLEET_MAX_INCOMING_BITRATE_BPS: integer(30_000, 1_000_000_000).optional(),

  FLEET_CAPACITY_EGRESS_BPS: integer(1, 1e13).optional(),
  FLEET_CAPACITY_PACKETS_PER_SECOND: integer(1, 1e10).optional(),
  FLEET_EGRESS_INTERFACES: interfaceNames().optional(),
  FLEET_SELECTOR: selector().default(DEFAULT_SELECTOR_POLICY),
  FLEET_EXPECTED_PEERS: integer(1, 100_000).optional(),

  FLEET_AUTH: z.enum(['open', 'token']).default('token'),
  FLEET_TOKEN_KEYS: json(tokenKeysSchema).default([]),
  FLEET_ADMIN_TOKEN_KEYS: json(tokenKeysSchema).default([]),

  FLEET_WEBHOOK_URLS: z
    .string()
    .transform((list) => list.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ })).max(10))
    .default([]),
  FLEET_WEBHOOK_SECRETS: z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .pipe(z.array(z.string().min(16, 'each secret needs at least 16 characters').max(1_024)).max(2))
    .default([]),

  FLEET_ICE_SERVERS: json(iceServersSchema).default([]),
  FLEET_WEB_ROOT: z.string().min(1).optional(),
  FLEET_CONSOLE_URL: z.url({ protocol: /^https?$/, error: 'must be a URL with http or https' }).optional(),
  FLEET_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),

  FLEET_HEARD_SPEAKERS: integer(0, 50).default(DEFAULT_HEARD_SPEAKERS),
  FLEET_LAST_N: integer(0, 1_000).default(0),

  FLEET_MAX_CONNECTIONS: integer(1, 1_000_000).default(20_000),
  FLEET_MAX_MESSAGE_BYTES: integer(1_024, 4 * 1024 * 1024).default(256 * 1024),
  FLEET_MAX_MESSAGES_PER_SECOND: integer(1, 100_000).default(50),
  FLEET_MAX_MESSAGES_BURST: integer(1, 1_000_000).default(500),
  FLEET_MAX_PEERS_PER_ROOM: integer(1, 100_000).default(1_000),
  FLEET_MAX_LISTED_PEERS: integer(1, 100_000).default(200),
  FLEET_MAX_PRODUCERS_PER_PEER: integer(1, 1_000).default(20),
  FLEET_MAX_TRANSPORTS_PER_PEER: integer(2, 100).default(6),
  FLEET_MAX_DATA_PRODUCERS_PER_PEER: integer(0, 1_000).default(10),
  FLEET_PING_INTERVAL_MS: integer(100, 300_000).default(15_000),
  FLEET_ADMISSION_JOINS_PER_SECOND: integer(1, 100_000).default(DEFAULT_ADMISSION_JOINS_PER_SECOND),
  FLEET_RESUME_GRACE_MS: integer(0, 600_000).default(15_000),
  FLEET_JOIN_TIMEOUT_MS: integer(1_000, 600_000).default(10_000),
  FLEET_STOP_TIMEOUT_MS: integer(100, 300_000).default(5_000),
  ...awsVariableShape,
  FLEET_EXIT_WITH_PARENT: z
    .enum(['0', '1'])
    .transform((flag) => flag === '1')
    .default(false),
});

export type NodeEnvironment = z.infer<typeof environmentSchema>;

/** Names of all variables, for the documentation's test. */
export const VARIABLE_NAMES = Object.keys(environmentSchema.shape) as (keyof NodeEnvironment)[];

/** The sustained egress of a machine of which nobody has said what it can send: see docs/configuration.md. */
const ASSUMED_SUSTAINED_EGRESS_BPS = 1_000_000_000;

/** What the composition root builds from. */
export interface NodeConfig extends Omit<
  NodeEnvironment,
  'FLEET_LINK_SECRETS' | 'FLEET_CAPACITY_EGRESS_BPS' | 'FLEET_CAPACITY_PACKETS_PER_SECOND'
> {
  /** The first is used to dial, all are accepted. */
  FLEET_LINK_SECRETS: string[];
  FLEET_CAPACITY_EGRESS_BPS: number;
  FLEET_CAPACITY_PACKETS_PER_SECOND: number;
}

/** @throws FleetError FLEET_ERR_CONFIG, one line that names the variable and never shows a value */
export function parseConfig(environment: NodeJS.ProcessEnv): NodeConfig {
  const known = new Set<string>(VARIABLE_NAMES);
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('FLEET_') || TOOL_VARIABLES.has(name)) continue;
    if (!known.has(name)) throw invalid(name, 'is not known (see docs/configuration.md)');
    // An empty variable is how unit files and shells say "not set".
    if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const [name, ...path] = issue?.path ?? [];
    const where = path.length > 0 ? ` (at ${path.join('.')})` : '';
    throw invalid(String(name), `${issue?.message ?? 'is not valid'}${where}`);
  }
  return complete(parsed.data);
}

/** Checks that concern several variables, and defaults that depend on others. */
function complete(env: NodeEnvironment): NodeConfig {
  if (env.FLEET_PIPE_PORT_MIN > env.FLEET_PIPE_PORT_MAX) {
    throw invalid('FLEET_PIPE_PORT_MAX', 'must not be below FLEET_PIPE_PORT_MIN');
  }
  const lastMediaPort = env.FLEET_MEDIA_PORT_BASE + env.FLEET_WORKERS - 1;
  if (env.FLEET_MEDIA_PORT_BASE !== 0) {
    if (lastMediaPort > 65_535) throw invalid('FLEET_MEDIA_PORT_BASE', 'leaves no port for the last worker');
    if (env.FLEET_MEDIA_PORT_BASE <= env.FLEET_PIPE_PORT_MAX && lastMediaPort >= env.FLEET_PIPE_PORT_MIN) {
      throw invalid(
        'FLEET_MEDIA_PORT_BASE',
        'lies in the range of FLEET_PIPE_PORT_MIN to FLEET_PIPE_PORT_MAX',
      );
    }
  }
  if (env.FLEET_AUTH === 'open' && !isLoopback(env.FLEET_LISTEN_HOST)) {
    throw invalid('FLEET_AUTH', 'open is allowed only when FLEET_LISTEN_HOST is loopback');
  }
  if (env.FLEET_AUTH === 'token' && env.FLEET_TOKEN_KEYS.length === 0) {
    throw invalid('FLEET_TOKEN_KEYS', 'is required when FLEET_AUTH is token');
  }
  const wildcardMedia = env.FLEET_MEDIA_LISTEN_IP === '0.0.0.0' || env.FLEET_MEDIA_LISTEN_IP === '::';
  if (wildcardMedia && env.FLEET_MEDIA_ANNOUNCED_ADDRESS === undefined) {
    throw invalid('FLEET_MEDIA_ANNOUNCED_ADDRESS', 'is required when FLEET_MEDIA_LISTEN_IP is a wildcard');
  }
  const wildcardLink = env.FLEET_LINK_HOST === '0.0.0.0' || env.FLEET_LINK_HOST === '::';
  if (wildcardLink && env.FLEET_LINK_ADDRESS === undefined) {
    throw invalid('FLEET_LINK_ADDRESS', 'is required when FLEET_LINK_HOST is a wildcard');
  }
  if (env.FLEET_LINK_SECRETS === undefined && !isLoopback(env.FLEET_LINK_HOST)) {
    throw invalid('FLEET_LINK_SECRETS', 'is required unless FLEET_LINK_HOST is loopback');
  }
  if (env.FLEET_WEBHOOK_URLS.length > 0 && env.FLEET_WEBHOOK_SECRETS.length === 0) {
    throw invalid('FLEET_WEBHOOK_SECRETS', 'is required when FLEET_WEBHOOK_URLS is set');
  }
  const regions = Object.keys(env.FLEET_REGION_URLS);
  if (regions.length > 0 && !regions.includes(env.FLEET_REGION)) {
    throw invalid('FLEET_REGION_URLS', 'does not name FLEET_REGION, the region of this node');
  }
  const announced = env.FLEET_MEDIA_ANNOUNCED_ADDRESS;
  if (regions.length > 1 && announced !== undefined && isIP(announced) === 0) {
    throw invalid('FLEET_MEDIA_ANNOUNCED_ADDRESS', 'must be an IP address when there are several regions');
  }
  if (regions.length > 1 && env.FLEET_LINK_SECRETS === undefined) {
    throw invalid('FLEET_LINK_SECRETS', 'is required when FLEET_REGION_URLS names several regions');
  }
  const safe = safeCapacity({
    sustainedEgressBps: ASSUMED_SUSTAINED_EGRESS_BPS,
    workers: env.FLEET_WORKERS,
  });
  return {
    ...env,
    // A node alone on loopback has nobody to link with: a secret that nobody else knows keeps it so.
    FLEET_LINK_SECRETS: env.FLEET_LINK_SECRETS ?? [randomBytes(32).toString('base64url')],
    FLEET_CAPACITY_EGRESS_BPS: env.FLEET_CAPACITY_EGRESS_BPS ?? safe.egressBps,
    FLEET_CAPACITY_PACKETS_PER_SECOND: env.FLEET_CAPACITY_PACKETS_PER_SECOND ?? safe.packetsPerSecond,
  };
}

export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

function invalid(name: string, problem: string): FleetError {
  return new FleetError('FLEET_ERR_CONFIG', { message: `${name} ${problem}` });
}

function host() {
  return z.string().regex(/^[\w.:-]{1,253}$/, 'must be a host name or an IP address');
}

/** `all`, or names. */
function interfaceNames() {
  return z
    .string()
    .transform((list) => (list.trim() === 'all' ? 'all' : list.split(',').map((name) => name.trim())))
    .pipe(
      z.union([
        z.literal('all'),
        z
          .array(z.string().regex(/^[^\s:/]{1,15}$/))
          .min(1)
          .max(16),
      ]),
    );
}

function integer(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

function selector() {
  return z.string().transform((text, context): SelectorPolicy => {
    try {
      return parseSelectorPolicy(text);
    } catch (error) {
      const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
      context.issues.push({
        code: 'custom',
        message: issue?.message ?? 'is not a selector policy',
        path: issue?.path ?? [],
        input: undefined,
      });
      return z.NEVER;
    }
  });
}

/** A variable that holds JSON. Messages never quote it: it may hold secrets. */
function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.issues.push({ code: 'custom', message: 'must be JSON', input: undefined });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
