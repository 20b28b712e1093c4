import { GetParameter$, type GetParameterCommandInput } from '@aws-sdk/client-ssm';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { Ssm } from '../ssm';
import { parameterOutput } from './parameter-output';
import { requireValue } from './require-value';

export function getParameter(ssm: Ssm): Operation {
  return operation(GetParameter$, ({ Name, WithDecryption = false }: GetParameterCommandInput) => {
    const found = ssm.find(requireValue(Name, 'name'));
    if (!found) throw new ServiceError('ParameterNotFound', `Parameter ${Name} not found.`);
    return { Parameter: parameterOutput(found, WithDecryption) };
  });
}
