import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock';
import type { CloudIdentity } from '../cloud-identity';
import { ServiceError } from '../wire/service-error';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface StoredParameter {
  name: string;
  type: ParameterType;
  value: string;
  description: string | undefined;
  /** Counts up from 1. */
  version: number;
  changedAtMs: number;
  arn: string;
}

export interface NewParameter {
  name: string;
  /** Needed for a new one. */
  type?: ParameterType | undefined;
  value: string;
  description?: string | undefined;
  /** @default false */
  overwrite?: boolean | undefined;
}

export interface SsmOptions {
  identity: CloudIdentity;
  clock: Pick<Clock, 'nowMs'>;
}

/** Standard parameters: 4 KB (Systems Manager quotas). */
const MAX_BYTES = 4_096;

/** Systems Manager's Parameter Store, in memory; of each parameter the newest version. */
export class Ssm {
  /** By name. */
  private readonly parameters = new Map<string, StoredParameter>();

  constructor(private readonly options: SsmOptions) {}

  /** @throws ServiceError */
  put({ name, type, value, description, overwrite = false }: NewParameter): StoredParameter {
    if (!/^\/?[\w.-]+(\/[\w.-]+)*$/.test(name) || /^\/?(aws|ssm)/i.test(name)) {
      throw new ServiceError(
        'ValidationException',
        `Parameter name: can't be prefixed with "ssm" or "aws" (case-insensitive), and can have letters, digits and the symbols _ . - and /.`,
      );
    }
    if (value === '' || Buffer.byteLength(value) > MAX_BYTES) {
      throw new ServiceError(
        'ValidationException',
        `Standard tier parameters support a maximum parameter value of ${MAX_BYTES} characters, and one at least.`,
      );
    }
    const old = this.parameters.get(name);
    if (old && !overwrite) {
      throw new ServiceError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    if (!old && type === undefined) {
      throw new ServiceError(
        'ValidationException',
        'A parameter type is required when you create a parameter.',
      );
    }
    const parameter: StoredParameter = {
      name,
      type: type ?? old?.type ?? 'String',
      value,
      description: description ?? old?.description,
      version: (old?.version ?? 0) + 1,
      changedAtMs: this.options.clock.nowMs(),
      arn: this.arnOf(name),
    };
    this.parameters.set(name, parameter);
    return parameter;
  }

  /** By name or ARN, also with the number of its version. Undefined: there is none. */
  find(reference: string): StoredParameter | undefined {
    const [, named = '', version] = /^(.*?)(?::(\d+))?$/.exec(reference) ?? [];
    const name = named.startsWith('arn:') ? named.replace(/^(?:[^:]*:){5}parameter\/?/, '') : named;
    const found = this.parameters.get(name) ?? this.parameters.get(`/${name}`) ?? this.publicParameter(name);
    if (!found || version === undefined || Number(version) === found.version) return found;
    throw new ServiceError(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
    );
  }

  /** Below a path; of its children alone unless it is recursive. */
  byPath(path: string, recursive: boolean): StoredParameter[] {
    const prefix = path.endsWith('/') ? path : `${path}/`;
    return [...this.parameters.values()]
      .filter(({ name }) => name.startsWith(prefix))
      .filter(({ name }) => recursive || !name.slice(prefix.length).includes('/'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** False: there was none. */
  delete(name: string): boolean {
    return this.parameters.delete(name);
  }

  /**
   * What AWS and the CDK's bootstrap have put there: images, whose ids are plausible and always the same, and the version
   * of the bootstrap.
   */
  private publicParameter(name: string): StoredParameter | undefined {
    const isImage = /^\/aws\/service\/(debian|ami-amazon-linux-latest|canonical)\/[\w./-]+$/.test(name);
    if (!isImage && !/^\/cdk-bootstrap\/\w+\/version$/.test(name)) return undefined;
    const hex = createHash('sha256').update(`${this.options.identity.region}${name}`).digest('hex');
    return {
      name,
      type: 'String',
      value: isImage ? `ami-${hex.slice(0, 17)}` : '30',
      description: undefined,
      version: 1,
      changedAtMs: 0,
      arn: this.arnOf(name),
    };
  }

  private arnOf(name: string): string {
    const { partition, region, account } = this.options.identity;
    const owner = name.startsWith('/aws/') ? '' : account;
    return `arn:${partition}:ssm:${region}:${owner}:parameter/${name.replace(/^\//, '')}`;
  }
}
