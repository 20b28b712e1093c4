import { TemplateError } from './template-error';

/** What `{{resolve:…}}` in a template reads. Each throws when there is no such value. */
export interface DynamicValues {
  secret(reference: SecretReference): string;
  /** Of Systems Manager. */
  parameter(name: string): string;
}

export interface SecretReference {
  /** Name or ARN. */
  secretId: string;
  /** Of a secret that is a JSON object. Undefined: its whole text. */
  jsonKey: string | undefined;
  versionStage: string | undefined;
  versionId: string | undefined;
}

const REFERENCE = /\{\{resolve:([\w-]+):([^{}]+)\}\}/g;

/** All strings within a value with their dynamic references replaced. @throws TemplateError */
export function resolveDynamic(value: unknown, values: DynamicValues, path: string): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (whole, service: string, rest: string) => {
      try {
        return resolveOne(service, rest, values);
      } catch (cause) {
        throw new TemplateError(`${path}: ${whole} can not be resolved`, { cause });
      }
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveDynamic(item, values, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolveDynamic(inner, values, `${path}.${key}`)]),
  );
}

/** CloudFormation user guide, "Get values stored in other services using dynamic references". */
function resolveOne(service: string, rest: string, values: DynamicValues): string {
  // A version of a parameter may follow its name; only the newest is kept here.
  if (service === 'ssm' || service === 'ssm-secure') return values.parameter(rest.replace(/:\d+$/, ''));
  if (service !== 'secretsmanager') throw new TemplateError(`${service} is not played`);
  // secret-id:SecretString:json-key:version-stage:version-id, where an ARN has six colons of its own.
  const parts = rest.split(':');
  const idParts = rest.startsWith('arn:') ? 7 : 1;
  const [, jsonKey, versionStage, versionId] = parts.slice(idParts);
  return values.secret({
    secretId: parts.slice(0, idParts).join(':'),
    jsonKey: jsonKey || undefined,
    versionStage: versionStage || undefined,
    versionId: versionId || undefined,
  });
}
