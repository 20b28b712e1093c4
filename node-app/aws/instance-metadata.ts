import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';

export interface InstanceMetadataOptions {
  clock: Clock;
  /** @default http://169.254.169.254 */
  baseUrl?: string | undefined;
  /** Of one request, milliseconds. @default 1_000: it is answered by the machine below, in milliseconds */
  timeoutMs?: number;
  /** Tries of one reading before it fails. @default 3 */
  attempts?: number;
  /** Pause between two tries, milliseconds. @default 200 */
  retryDelayMs?: number;
}

/** What Auto Scaling wants the instance to become. Source: EC2 Auto Scaling user guide, "Retrieve the target lifecycle state". */
export type TargetLifecycleState =
  | 'InService'
  | 'Terminated'
  | 'Standby'
  | 'Detached'
  | 'Warmed:Running'
  | 'Warmed:Stopped'
  | 'Warmed:Hibernated'
  | 'Warmed:Terminated';

/** EC2 takes a spot instance back. */
export interface SpotAction {
  action: 'terminate' | 'stop' | 'hibernate';
  /** When, milliseconds since 1970; two minutes after the notice. */
  atMs: number;
}

export interface InstanceIdentity {
  instanceId: string;
  instanceType: string;
  availabilityZone: string;
  region: string;
}

export interface InstanceAddresses {
  privateIpv4: string;
  /** Undefined when the subnet gives none. */
  publicIpv4: string | undefined;
  ipv6: string[];
}

/** Lifetime that is asked for, seconds; the longest that the service gives. */
const TOKEN_TTL_SECONDS = 21_600;
/** A token is replaced so long before its end, milliseconds. */
const TOKEN_MARGIN_MS = 60_000;
const TOKEN_TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

/**
 * The instance metadata service, version 2: every reading carries a session token. What the service does not have
 * (404) is undefined; what it can't say right now is tried again, and then an error.
 */
export class InstanceMetadata {
  readonly #clock: Clock;
  readonly #baseUrl: string;
  readonly #timeoutMs: number;
  readonly #attempts: number;
  readonly #retryDelayMs: number;
  #token: { value: string; untilMs: number } | undefined;
  #tokenInFlight: Promise<string> | undefined;

  constructor(options: InstanceMetadataOptions) {
    this.#clock = options.clock;
    this.#baseUrl = (options.baseUrl ?? 'http://169.254.169.254').replace(/\/+$/, '');
    this.#timeoutMs = options.timeoutMs ?? 1_000;
    this.#attempts = options.attempts ?? 3;
    this.#retryDelayMs = options.retryDelayMs ?? 200;
  }

  async identity(): Promise<InstanceIdentity> {
    const [instanceId, instanceType, availabilityZone, region] = await Promise.all(
      ['instance-id', 'instance-type', 'placement/availability-zone', 'placement/region'].map((path) =>
        this.#required(path),
      ),
    );
    return {
      instanceId: instanceId ?? '',
      instanceType: instanceType ?? '',
      availabilityZone: availabilityZone ?? '',
      region: region ?? '',
    };
  }

  async addresses(): Promise<InstanceAddresses> {
    const mac = await this.#required('mac');
    const [privateIpv4, publicIpv4, ipv6s] = await Promise.all([
      this.#required('local-ipv4'),
      this.read('public-ipv4'),
      this.read(`network/interfaces/macs/${mac}/ipv6s`),
    ]);
    return {
      privateIpv4,
      publicIpv4: publicIpv4 || undefined,
      ipv6: (ipv6s ?? '').split('\n').filter((line) => line !== ''),
    };
  }

  /** Undefined outside an Auto Scaling group, and until Auto Scaling has said it. */
  async targetLifecycleState(): Promise<TargetLifecycleState | undefined> {
    const state = await this.read('autoscaling/target-lifecycle-state');
    return state === undefined ? undefined : (state as TargetLifecycleState);
  }

  /** Undefined unless EC2 has given notice. */
  async spotAction(): Promise<SpotAction | undefined> {
    const text = await this.read('spot/instance-action');
    if (text === undefined) return undefined;
    const { action, time } = JSON.parse(text) as { action?: SpotAction['action']; time?: string };
    const atMs = Date.parse(time ?? '');
    // The notice is what counts: a time that can't be read means the shortest one.
    return { action: action ?? 'terminate', atMs: Number.isNaN(atMs) ? this.#clock.nowMs() : atMs };
  }

  /**
   * One item of `meta-data/`; undefined when there is none.
   * @throws FleetError FLEET_ERR_INTERNAL when the service can not be reached or refuses
   */
  async read(path: string): Promise<string | undefined> {
    let problem: unknown;
    for (let attempt = 1; attempt <= this.#attempts; attempt += 1) {
      if (attempt > 1) await this.#pause();
      try {
        const response = await this.#get(path);
        if (response.status === 404) return undefined;
        const text = await response.text();
        if (response.status === 200) return text.trim();
        // The token is not known any more: the instance was stopped and started, or the service restarted.
        if (response.status === 401) this.#token = undefined;
        problem = new Error(`HTTP ${response.status}`);
      } catch (error) {
        problem = error;
      }
    }
    throw new FleetError('FLEET_ERR_INTERNAL', {
      message: `instance metadata ${path} can not be read: ${problem instanceof Error ? problem.message : String(problem)}`,
      cause: problem,
    });
  }

  async #required(path: string): Promise<string> {
    const value = await this.read(path);
    if (value) return value;
    throw new FleetError('FLEET_ERR_INTERNAL', { message: `instance metadata has no ${path}` });
  }

  async #get(path: string): Promise<Response> {
    const headers = { [TOKEN_HEADER]: await this.#validToken() };
    return fetch(`${this.#baseUrl}/latest/meta-data/${path}`, {
      headers,
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
  }

  async #validToken(): Promise<string> {
    if (this.#token && this.#clock.monotonicMs() < this.#token.untilMs) return this.#token.value;
    // Readings side by side share one token.
    this.#tokenInFlight ??= this.#fetchToken().finally(() => {
      this.#tokenInFlight = undefined;
    });
    return this.#tokenInFlight;
  }

  async #fetchToken(): Promise<string> {
    const askedAtMs = this.#clock.monotonicMs();
    const response = await fetch(`${this.#baseUrl}/latest/api/token`, {
      method: 'PUT',
      headers: { [TOKEN_TTL_HEADER]: String(TOKEN_TTL_SECONDS) },
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const value = (await response.text()).trim();
    if (response.status !== 200 || value === '') throw new Error(`no session token: HTTP ${response.status}`);
    const granted = Number(response.headers.get(TOKEN_TTL_HEADER) ?? TOKEN_TTL_SECONDS);
    this.#token = { value, untilMs: askedAtMs + Math.max(0, granted * 1_000 - TOKEN_MARGIN_MS) };
    return value;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(this.#retryDelayMs, resolve);
    });
  }
}
