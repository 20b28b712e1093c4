import { PutParameter$, type PutParameterCommandInput } from '@aws-sdk/client-ssm';
import { operation, type Operation } from '../../wire/operation';
import type { Ssm } from '../ssm';
import { requireValue } from './require-value';

export function putParameter(ssm: Ssm): Operation {
  return operation(PutParameter$, (input: PutParameterCommandInput) => {
    const { version } = ssm.put({
      name: requireValue(input.Name, 'name'),
      type: input.Type,
      value: requireValue(input.Value, 'value'),
      description: input.Description,
      overwrite: input.Overwrite,
    });
    return { Version: version, Tier: 'Standard' };
  });
}
