import { Redis, type RedisOptions } from 'ioredis';
import type { StoreSettings } from './environment';
import type { StorePassword } from './store-password';

export interface StoreClientOptions {
  settings: StoreSettings;
  /** Undefined: the store wants none. */
  password: StorePassword | undefined;
  connectionName: string;
  /** Each, milliseconds. @default 2_000 */
  timeoutMs?: number | undefined;
  /** Certificate that the store's must be signed by. @default those that Node trusts */
  ca?: string | undefined;
}

const REFUSED = /WRONGPASS|NOAUTH|invalid password|invalid username-password/i;

/**
 * A connection to placement's Redis that outlives the invocation, in an environment that AWS freezes in between: it
 * is made anew when it broke, and with fresh passwords when the store refuses those that are known.
 */
export class StoreClient {
  readonly #options: StoreClientOptions;
  #connected: Promise<Redis> | undefined;

  constructor(options: StoreClientOptions) {
    this.#options = options;
  }

  /**
   * Runs the work on a connection, and once more on a new one when the old one turned out to be broken: the work must
   * bear being repeated. @throws what Redis or the work throws
   */
  async use<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const isReused = this.#connected !== undefined;
    const redis = await this.#connect();
    try {
      return await work(redis);
    } catch (error) {
      const isBroken = redis.status !== 'ready' || REFUSED.test(messageOf(error)) || isTimeout(error);
      if (isBroken) this.close();
      if (REFUSED.test(messageOf(error))) this.#options.password?.forget();
      if (!isBroken || !isReused) throw error;
      return work(await this.#connect());
    }
  }

  /** Idempotent; the next use connects again. */
  close(): void {
    const connected = this.#connected;
    this.#connected = undefined;
    connected?.then(
      (redis) => redis.disconnect(),
      () => undefined,
    );
  }

  #connect(): Promise<Redis> {
    if (!this.#connected) {
      const connecting = this.#authenticate();
      this.#connected = connecting;
      connecting.then(
        (redis) => {
          redis.once('close', () => this.#forget(connecting));
          if (redis.status !== 'ready') this.#forget(connecting);
        },
        () => this.#forget(connecting),
      );
    }
    return this.#connected;
  }

  #forget(connection: Promise<Redis>): void {
    if (this.#connected === connection) this.#connected = undefined;
  }

  async #authenticate(): Promise<Redis> {
    const { password } = this.#options;
    if (!password) return this.#open(undefined);
    try {
      return await this.#tryPasswords(await password.read());
    } catch (error) {
      if (!REFUSED.test(messageOf(error))) throw error;
      password.forget();
      return this.#tryPasswords(await password.read());
    }
  }

  /** During a rotation the store may know only the older one. */
  async #tryPasswords(passwords: readonly string[]): Promise<Redis> {
    let refusal: unknown;
    for (const password of passwords) {
      try {
        return await this.#open(password);
      } catch (error) {
        if (!REFUSED.test(messageOf(error))) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  async #open(password: string | undefined): Promise<Redis> {
    const { settings, connectionName, ca, timeoutMs = 2_000 } = this.#options;
    const options: RedisOptions = {
      host: settings.host,
      port: settings.port,
      connectionName,
      lazyConnect: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      // A connection is given up because it hangs: no long goodbye.
      disconnectTimeout: 100,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // Whoever uses it connects again, in its own time.
      retryStrategy: () => null,
      ...(password === undefined ? {} : { password }),
      ...(settings.tls ? { tls: { servername: settings.host, ...(ca === undefined ? {} : { ca }) } } : {}),
    };
    const redis = new Redis(options);
    let failure: Error | undefined;
    redis.on('error', (error: Error) => {
      failure ??= error;
    });
    try {
      await redis.connect();
      return redis;
    } catch (error) {
      redis.disconnect();
      // What came first says why; the rest is that the connection is closed.
      throw failure ?? error;
    }
  }
}

function isTimeout(error: unknown): boolean {
  return messageOf(error) === 'Command timed out';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
