import type { Clock } from '../../core/clock';
import type { StoreAddress } from '../cloud/elasticache/replication-group';
import { freePort } from './free-port';
import { PrivateRedis } from './private-redis';
import type { RunnerOutput } from './runner-events';
import type { Watchdog } from './watchdog';

export interface RunStoreOptions {
  serverBin: string;
  folder: string;
  watchdog: Watchdog;
  clock: Clock;
  output: RunnerOutput;
  /** It died and can not be started again. */
  onLost: (error: Error) => void;
}

const STOP_GRACE_MS = 500;

/** The placement store of a run: one Redis, which is started again, empty, when it dies. */
export class RunStore {
  private redis: PrivateRedis | undefined;
  private closing: Promise<void> | undefined;
  private cut = false;
  private declaring: Promise<void> | undefined;

  constructor(private readonly options: RunStoreOptions) {}

  /** Undefined before it was opened. */
  get current(): PrivateRedis | undefined {
    return this.redis;
  }

  get isCut(): boolean {
    return this.cut;
  }

  /**
   * Starts it with this password. Whoever calls again with another gets a new one, at the same address and empty: nodes
   * assert again what they hold. @throws RunnerError when it does not start
   */
  async open({ password }: { password: string | undefined }): Promise<StoreAddress> {
    const before = this.redis;
    if (before?.password === password && before) return before.address;
    const port = before?.address.port ?? (await freePort());
    this.redis = undefined;
    await before?.stop(STOP_GRACE_MS);
    return (await this.start(port, password)).address;
  }

  /** Before the first node comes: see {@link PrivateRedis.declareNew}. Does nothing the second time. */
  declareNew(keyPrefix: string): Promise<void> {
    this.declaring ??= this.redis?.declareNew(keyPrefix) ?? Promise.resolve();
    return this.declaring;
  }

  /** Nobody reaches it until {@link restore}; it comes back empty. Idempotent. */
  async cutOff(): Promise<void> {
    const { redis } = this;
    if (!redis || this.cut) return;
    this.cut = true;
    await redis.stop(STOP_GRACE_MS);
  }

  /** Idempotent. */
  async restore(): Promise<void> {
    const { redis } = this;
    if (!redis || !this.cut) return;
    this.cut = false;
    await this.start(redis.address.port, redis.password);
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      await this.redis?.stop(STOP_GRACE_MS);
    })();
    return this.closing;
  }

  private async start(port: number, password: string | undefined): Promise<PrivateRedis> {
    const { serverBin, folder, watchdog, clock } = this.options;
    const redis = await PrivateRedis.start({ serverBin, folder, port, password, watchdog, clock });
    this.redis = redis;
    void redis.exited.then((exit) => {
      // Ended on purpose.
      if (this.closing || this.cut || this.redis !== redis) return;
      const reason = exit.signal ? `killed by ${exit.signal}` : `ended with status ${exit.code}`;
      this.options.output.emit({ event: 'redis-died', reason });
      // Calls go on without it; the nodes tell a new one all that it must know.
      this.start(port, password).then(
        () => this.options.output.emit({ event: 'redis-restarted' }),
        (error: unknown) => this.options.onLost(error instanceof Error ? error : new Error(String(error))),
      );
    });
    // Ended by a close() that came before it was there.
    if (this.closing) await redis.stop(STOP_GRACE_MS);
    return redis;
  }
}
