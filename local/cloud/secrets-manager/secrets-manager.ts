import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock';
import type { CloudIdentity } from '../cloud-identity';
import { ServiceError } from '../wire/service-error';
import type { Secret, SecretVersion } from './secret';

export interface SecretsManagerOptions {
  identity: CloudIdentity;
  clock: Pick<Clock, 'nowMs'>;
}

/** Text or bytes, and by which id and labels they are found. */
export interface NewVersion {
  text?: string | undefined;
  binary?: Uint8Array | undefined;
  /** Also makes a repetition harmless. @default a new one */
  token?: string | undefined;
  /** @default AWSCURRENT */
  stages?: readonly string[] | undefined;
}

export interface VersionChoice {
  versionId?: string | undefined;
  /** @default AWSCURRENT, when no id is given */
  stage?: string | undefined;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
/** Secrets Manager quotas. */
const MAX_BYTES = 65_536;
const MAX_STAGES = 20;

/** The secrets of the deployment, in memory. */
export class SecretsManager {
  /** By name. */
  private readonly secrets = new Map<string, Secret>();

  constructor(private readonly options: SecretsManagerOptions) {}

  /** @throws ServiceError when there is one of that name */
  create(name: string, description: string | undefined, version?: NewVersion): Secret {
    if (!/^[\w/+=.@!-]{1,512}$/.test(name)) {
      throw invalidParameter(
        'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
      );
    }
    if (this.secrets.has(name)) {
      throw new ServiceError(
        'ResourceExistsException',
        `The operation failed because the secret ${name} already exists.`,
      );
    }
    const nowMs = this.options.clock.nowMs();
    const secret: Secret = {
      name,
      arn: this.arnOf(name),
      description,
      createdAtMs: nowMs,
      changedAtMs: nowMs,
      accessedAtMs: undefined,
      versions: new Map(),
    };
    if (version) this.addVersion(secret, version);
    this.secrets.set(name, secret);
    return secret;
  }

  /** By name, by ARN, or by an ARN without its six last characters. @throws ServiceError when there is none */
  find(secretId: string): Secret {
    const found =
      this.secrets.get(secretId) ??
      [...this.secrets.values()].find(({ arn }) => arn === secretId || arn.slice(0, -7) === secretId);
    if (!found) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return found;
  }

  /** In the order in which they were made. */
  list(): Secret[] {
    return [...this.secrets.values()];
  }

  delete(secretId: string): void {
    this.secrets.delete(this.find(secretId).name);
  }

  /** @throws ServiceError when there is no such version */
  version(secretId: string, { versionId, stage }: VersionChoice): { secret: Secret; version: SecretVersion } {
    const secret = this.find(secretId);
    const versions = [...secret.versions.values()];
    const label = stage ?? (versionId === undefined ? CURRENT : undefined);
    const version = versions.find(
      ({ id, stages }) =>
        (versionId === undefined || id === versionId) && (label === undefined || stages.has(label)),
    );
    if (!version) {
      const what = label === undefined ? `VersionId: ${versionId}` : `staging label: ${label}`;
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${what}`,
      );
    }
    secret.accessedAtMs = this.options.clock.nowMs();
    return { secret, version };
  }

  putVersion(secretId: string, version: NewVersion): { secret: Secret; version: SecretVersion } {
    const secret = this.find(secretId);
    return { secret, version: this.addVersion(secret, version) };
  }

  /** Moves a staging label. @throws ServiceError when it is not where it is said to be */
  moveStage(secretId: string, stage: string, { from, to }: { from?: string; to?: string }): Secret {
    const secret = this.find(secretId);
    const holder = [...secret.versions.values()].find(({ stages }) => stages.has(stage));
    if (holder && holder.id !== to && holder.id !== from) {
      throw invalidParameter(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    const target = to === undefined ? undefined : secret.versions.get(to);
    if (to !== undefined && !target) {
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for VersionId: ${to}`,
      );
    }
    if (target) this.label(secret, target, stage);
    else holder?.stages.delete(stage);
    secret.changedAtMs = this.options.clock.nowMs();
    return secret;
  }

  private addVersion(secret: Secret, { text, binary, token, stages = [CURRENT] }: NewVersion): SecretVersion {
    if ((text === undefined) === (binary === undefined)) {
      throw invalidParameter('You must provide either SecretString or SecretBinary.');
    }
    if (Buffer.byteLength(text ?? binary ?? '') > MAX_BYTES) {
      throw invalidParameter(`The secret value is larger than ${MAX_BYTES} bytes.`);
    }
    if (stages.length < 1 || stages.length > MAX_STAGES) {
      throw invalidParameter(`A version has 1 to ${MAX_STAGES} staging labels.`);
    }
    const id = token ?? randomUUID();
    const old = secret.versions.get(id);
    if (old) {
      // "If a version with this value already exists and that version's contents are the same, the request is ignored."
      if (old.text === text && sameBytes(old.binary, binary)) return old;
      throw new ServiceError(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
      );
    }
    const nowMs = this.options.clock.nowMs();
    const version: SecretVersion = { id, text, binary, stages: new Set(), createdAtMs: nowMs };
    secret.versions.set(id, version);
    secret.changedAtMs = nowMs;
    // A secret's first version is the current one, whatever it is called.
    const labels = secret.versions.size === 1 ? new Set([...stages, CURRENT]) : stages;
    for (const stage of labels) this.label(secret, version, stage);
    return version;
  }

  /** "Secrets Manager automatically moves AWSPREVIOUS to the version that AWSCURRENT was just removed from." */
  private label(secret: Secret, target: SecretVersion, stage: string): void {
    for (const version of secret.versions.values()) {
      if (version === target || !version.stages.delete(stage) || stage !== CURRENT) continue;
      this.label(secret, version, PREVIOUS);
    }
    target.stages.add(stage);
    if (stage === CURRENT) target.stages.delete(PREVIOUS);
  }

  /** With six characters that are the same in each run. */
  private arnOf(name: string): string {
    const { partition, region, account } = this.options.identity;
    const hash = createHash('sha256').update(`${account}/${region}/${name}`).digest('base64');
    const suffix = hash.replace(/[^A-Za-z0-9]/g, '').slice(0, 6);
    return `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
  }
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one && other ? Buffer.compare(one, other) === 0 : one === other;
}

function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message);
}
