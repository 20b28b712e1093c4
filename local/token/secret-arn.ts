/** Which secret of AWS Secrets Manager, and where. */
export interface SecretArn {
  arn: string;
  region: string;
}

/** Also of the sovereign partitions: `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`. */
const REGION = /^[a-z]{2,8}(-[a-z]{2,16}){1,3}-\d{1,2}$/;

// A secret's name has no colon: an ARN with a JSON key behind it, as ECS has them, is another thing.
const ARN = /^(arn:aws[a-z-]{0,20}:secretsmanager):([a-z0-9-]{1,40}):(\d{12}:secret:[\w/+=.@-]{1,519})$/;

export function isRegion(text: string): boolean {
  return REGION.test(text);
}

/** Takes an ARN of a secret apart. Undefined for anything else. */
export function parseSecretArn(text: string): SecretArn | undefined {
  const region = ARN.exec(text)?.[2];
  return region !== undefined && isRegion(region) ? { arn: text, region } : undefined;
}

/**
 * The same secret's replica in another region: nothing but the region differs in its ARN
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html).
 */
export function inRegion({ arn }: SecretArn, region: string): SecretArn {
  return { arn: arn.replace(ARN, `$1:${region}:$3`), region };
}
