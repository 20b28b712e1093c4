import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Says why a finding of a checker (cdk-nag, cfn-guard, CloudFormation's own rules) is what we want here. The reason is
 * for the person who reviews the deployment.
 */
export function acknowledge(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: rule, reason });
}
