import { GetParameters$, type GetParametersCommandInput } from '@aws-sdk/client-ssm';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { Ssm } from '../ssm';
import { parameterOutput } from './parameter-output';
import { requireValue } from './require-value';

/** "Minimum number of 1 item. Maximum number of 10 items." */
const MAX_NAMES = 10;

export function getParameters(ssm: Ssm): Operation {
  return operation(GetParameters$, ({ Names, WithDecryption = false }: GetParametersCommandInput) => {
    const names = requireValue(Names, 'names');
    if (names.length < 1 || names.length > MAX_NAMES) {
      throw new ServiceError('ValidationException', `1 to ${MAX_NAMES} names can be asked for.`);
    }
    const found = names.map((name) => ssm.find(name));
    return {
      Parameters: found.flatMap((one) => (one ? [parameterOutput(one, WithDecryption)] : [])),
      InvalidParameters: names.filter((_name, index) => !found[index]),
    };
  });
}
