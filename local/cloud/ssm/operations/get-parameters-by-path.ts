import { GetParametersByPath$, type GetParametersByPathCommandInput } from '@aws-sdk/client-ssm';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { Ssm } from '../ssm';
import { parameterOutput } from './parameter-output';
import { requireValue } from './require-value';

export function getParametersByPath(ssm: Ssm): Operation {
  return operation(GetParametersByPath$, (input: GetParametersByPathCommandInput) => {
    const { Recursive = false, WithDecryption = false, MaxResults = 10, NextToken } = input;
    const path = requireValue(input.Path, 'path');
    if (!path.startsWith('/')) {
      throw new ServiceError(
        'ValidationException',
        'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/".',
      );
    }
    if (MaxResults < 1 || MaxResults > 10) {
      throw new ServiceError('ValidationException', 'MaxResults must be 1 to 10.');
    }
    const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64').toString());
    if (!Number.isInteger(from) || from < 0) {
      throw new ServiceError('InvalidNextToken', 'The specified token is not valid.');
    }
    const found = ssm.byPath(path, Recursive);
    const end = from + MaxResults;
    return {
      Parameters: found.slice(from, end).map((one) => parameterOutput(one, WithDecryption)),
      NextToken: end < found.length ? Buffer.from(String(end)).toString('base64') : undefined,
    };
  });
}
