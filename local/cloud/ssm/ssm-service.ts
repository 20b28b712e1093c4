import type { AwsService } from '../wire/aws-service';
import { deleteParameter } from './operations/delete-parameter';
import { getParameter } from './operations/get-parameter';
import { getParameters } from './operations/get-parameters';
import { getParametersByPath } from './operations/get-parameters-by-path';
import { putParameter } from './operations/put-parameter';
import type { Ssm } from './ssm';

/** Systems Manager's Parameter Store over JSON 1.1. */
export function ssmService(ssm: Ssm): AwsService {
  return {
    signingName: 'ssm',
    protocols: [{ kind: 'json', version: '1.1', target: 'AmazonSSM' }],
    operations: [
      deleteParameter(ssm),
      getParameter(ssm),
      getParameters(ssm),
      getParametersByPath(ssm),
      putParameter(ssm),
    ],
  };
}
