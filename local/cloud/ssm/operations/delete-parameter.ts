import { DeleteParameter$, type DeleteParameterCommandInput } from '@aws-sdk/client-ssm';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { Ssm } from '../ssm';
import { requireValue } from './require-value';

export function deleteParameter(ssm: Ssm): Operation {
  return operation(DeleteParameter$, ({ Name }: DeleteParameterCommandInput) => {
    if (ssm.delete(requireValue(Name, 'name'))) return {};
    throw new ServiceError('ParameterNotFound', `Parameter ${Name} not found.`);
  });
}
