import { z } from 'zod';
import { parseClockSpeed } from '../../core/scaled-clock';

/** An ARN, or the name of a secret: Secrets Manager takes either. */
const secretId = z
  .string()
  .regex(/^[\w/+=.@:-]{1,2048}$/, 'must be the ARN or the name of a secret')
  .optional();

/**
 * The variables that matter only with `FLEET_AWS=1`. The endpoints and the region of the AWS SDK, and the address of
 * the metadata service, are the SDK's own variables (AWS_ENDPOINT_URL, AWS_REGION, AWS_EC2_METADATA_SERVICE_ENDPOINT).
 */
export const awsVariableShape = {
  FLEET_AWS: z
    .enum(['0', '1'])
    .transform((flag) => flag === '1')
    .default(false),
  FLEET_AWS_ASG_NAME: z.string().min(1).max(255).optional(),
  FLEET_AWS_LAUNCH_HOOK: z.string().min(1).max(255).optional(),
  FLEET_AWS_TERMINATE_HOOK: z.string().min(1).max(255).optional(),
  FLEET_AWS_HOOK_HEARTBEAT_SECONDS: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(30, 'must be at least 30').max(7_200, 'must be at most 7200'))
    .default(1_800),
  FLEET_AWS_DRAIN_MINUTES: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(2, 'must be at least 2').max(2_880, 'must be at most 2880'))
    .default(30),
  FLEET_CLOCK: z
    .string()
    .refine((text) => parseClockSpeed(text) !== undefined, 'must be speed@origin, e.g. 10@1790000000000')
    .optional(),
  FLEET_LINK_SECRET_ARN: secretId,
  FLEET_TOKEN_KEYS_SECRET_ARN: secretId,
  FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN: secretId,
  FLEET_REDIS_SECRET_ARN: secretId,
  FLEET_WEBHOOK_SECRET_ARN: secretId,
};

const awsVariableSchema = z.object(awsVariableShape);

export type AwsVariables = z.infer<typeof awsVariableSchema>;

/** @throws z.ZodError */
export function parseAwsVariables(environment: NodeJS.ProcessEnv): AwsVariables {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  return awsVariableSchema.parse(Object.fromEntries(given));
}
