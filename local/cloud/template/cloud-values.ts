import type { SecretsManager } from '../secrets-manager/secrets-manager';
import type { Ssm } from '../ssm/ssm';
import type { DynamicValues, SecretReference } from './dynamic-references';
import { TemplateError } from './template-error';

/** Dynamic references to the secrets and parameters of the local cloud itself. */
export class CloudValues implements DynamicValues {
  constructor(private readonly services: { secrets: SecretsManager; ssm: Ssm }) {}

  secret({ secretId, jsonKey, versionStage, versionId }: SecretReference): string {
    const { version } = this.services.secrets.version(secretId, { versionId, stage: versionStage });
    if (jsonKey === undefined) return version.text ?? '';
    const fields = JSON.parse(version.text ?? 'null') as Record<string, unknown> | null;
    const value = fields?.[jsonKey];
    if (typeof value !== 'string') throw new TemplateError(`${secretId} has no ${jsonKey}`);
    return value;
  }

  parameter(name: string): string {
    const found = this.services.ssm.find(name);
    if (!found) throw new TemplateError(`there is no parameter ${name}`);
    return found.value;
  }
}
