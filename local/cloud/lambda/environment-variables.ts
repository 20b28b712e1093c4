import type { CloudIdentity } from '../cloud-identity';
import type { FunctionDefinition } from './function-definition';

export interface RuntimeVariables {
  identity: CloudIdentity;
  /** How it reaches the cloud: `AWS_ENDPOINT_URL` and credentials. */
  access: Readonly<Record<string, string>>;
  /**
   * In place of the template's value, for what is another thing on one machine, e.g. a store without TLS. A function that
   * the template gives no such variable gets none.
   */
  overrides: Readonly<Record<string, string>>;
}

/** All that a function's process has: the template's variables, and Lambda's own (guide, "Defined runtime environment variables"). */
export function environmentVariables(
  definition: FunctionDefinition,
  { identity, access, overrides }: RuntimeVariables,
): Record<string, string> {
  const given = Object.entries(definition.environment).map(([name, value]) => [
    name,
    overrides[name] ?? value,
  ]);
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    ...access,
    AWS_REGION: identity.region,
    AWS_DEFAULT_REGION: identity.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMiB),
    AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: '[$LATEST]local',
    LAMBDA_TASK_ROOT: definition.taskRoot,
    TZ: ':UTC',
    _HANDLER: definition.handler,
  };
}
