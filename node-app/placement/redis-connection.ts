import { Redis } from 'ioredis';
import type { Logger } from 'pino';

export interface RedisConnectionOptions {
  /** `redis://`, `rediss://` (TLS), with user and password if needed, or `unix:///path`. Never logged. */
  url: string;
  logger: Logger;
  /** A command without an answer fails after this, milliseconds. @default 2_000 */
  commandTimeoutMs?: number | undefined;
  /** Milliseconds. @default 2_000 */
  connectTimeoutMs?: number | undefined;
  /** Longest pause between two attempts to connect, milliseconds. @default 1_000 */
  maxReconnectDelayMs?: number | undefined;
  /** As CLIENT LIST shows it. */
  connectionName?: string | undefined;
  /**
   * Asked when Redis refuses the password: all that may be valid now, the newest first. They are tried in turn, so
   * that a rotated password is found without a restart. @default the one of the URL, for ever
   */
  reloadPasswords?: (() => Promise<string[]>) | undefined;
}

/** Pause between two reloads of the passwords, milliseconds: whoever keeps them has limits too. */
const PASSWORD_RELOAD_PAUSE_MS = 2_000;

/**
 * A client that fails fast: commands while Redis is away are refused at once rather than queued, and none is
 * sent twice. It reconnects for ever by itself, also when it finds itself on a replica after a failover. State
 * changes are logged once each. Ends with `redis.disconnect()`.
 */
export function connectRedis(options: RedisConnectionOptions): Redis {
  const { logger, commandTimeoutMs = 2_000, connectTimeoutMs = 2_000, maxReconnectDelayMs = 1_000 } = options;
  const url = new URL(options.url);
  const isSocket = url.protocol === 'unix:';
  if (!isSocket && url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new RangeError('the Redis URL must begin with redis://, rediss:// or unix://');
  }
  const redis = new Redis({
    ...(isSocket
      ? { path: decodeURIComponent(url.pathname) }
      : {
          host: url.hostname.replace(/^\[|\]$/g, ''),
          port: Number(url.port || 6379),
          db: Number(url.pathname.slice(1) || 0),
        }),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(url.protocol === 'rediss:' ? { tls: { servername: url.hostname } } : {}),
    ...(options.connectionName ? { connectionName: options.connectionName } : {}),
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    // No queue that grows while Redis is away, and nothing half-done sent again behind its caller's back.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), maxReconnectDelayMs),
    // After a failover the address leads to the new primary: reconnect, the caller tries again.
    reconnectOnError: (error) => /READONLY/.test(error.message),
  });
  superviseConnection(redis, logger);
  if (options.reloadPasswords) followPasswords(redis, options.reloadPasswords, logger);
  return redis;
}

function followPasswords(redis: Redis, reload: () => Promise<string[]>, logger: Logger): void {
  let reloading = false;
  let reloadedAtMs = Number.NEGATIVE_INFINITY;
  redis.on('error', (error: Error) => {
    if (reloading || !/WRONGPASS|NOAUTH|invalid password/i.test(error.message)) return;
    const nowMs = performance.now();
    if (nowMs - reloadedAtMs < PASSWORD_RELOAD_PAUSE_MS) return;
    reloadedAtMs = nowMs;
    reloading = true;
    reload()
      .then((passwords) => {
        const next = passwords[passwords.indexOf(redis.options.password ?? '') + 1] ?? passwords[0];
        if (next === undefined || next === redis.options.password) return;
        logger.info('trying another password for Redis');
        redis.options.password = next;
        redis.disconnect(true);
      })
      .catch((cause: unknown) => logger.warn({ err: cause }, 'the passwords of Redis can not be read'))
      .finally(() => {
        reloading = false;
      });
  });
}

/** One line when the connection is lost, one when it is back; the errors between them say nothing new. */
function superviseConnection(redis: Redis, logger: Logger): void {
  let isUp: boolean | undefined;
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
    if (isUp === undefined) {
      isUp = false;
      logger.warn({ err: describe(error) }, 'Redis can not be reached');
    }
  });
  redis.on('ready', () => {
    if (isUp !== true) logger.info('Redis is connected');
    isUp = true;
    lastError = undefined;
  });
  redis.on('close', () => {
    if (isUp) logger.warn({ err: lastError ? describe(lastError) : undefined }, 'Redis connection lost');
    isUp = false;
  });
}

/** Without the command's arguments, which ioredis attaches to its errors. */
function describe(error: Error): { name: string; message: string } {
  return { name: error.name, message: error.message };
}
