import type { Parameter } from '@aws-sdk/client-ssm';
import type { StoredParameter } from '../ssm';

/** @param decrypted a secure string is shown as it is; without it, as something that nobody can read */
export function parameterOutput(parameter: StoredParameter, decrypted: boolean): Parameter {
  const { name, type, value, version, changedAtMs, arn } = parameter;
  return {
    Name: name,
    Type: type,
    Value: type === 'SecureString' && !decrypted ? Buffer.alloc(32).toString('base64') : value,
    Version: version,
    LastModifiedDate: new Date(changedAtMs),
    ARN: arn,
    DataType: 'text',
  };
}
