import { PutTargets$, type PutTargetsCommandInput, type Target } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { EventBridge } from '../eventbridge';
import type { RuleTarget } from '../rule';
import { checkBus } from './check-bus';
import { requireOneOf } from './require-one-of';
import { ruleName } from './rule-name';

/** What of a target is played. */
const PLAYED = new Set(['Id', 'Arn', 'Input', 'InputPath', 'DeadLetterConfig', 'RetryPolicy', 'RoleArn']);

export function putTargets(eventBridge: EventBridge): Operation {
  return operation(PutTargets$, ({ Rule, EventBusName, Targets }: PutTargetsCommandInput) => {
    checkBus(EventBusName);
    const targets = requireOneOf('targets', Targets, 100).map(readTarget);
    eventBridge.putTargets(ruleName(Rule, 'rule'), targets);
    return { FailedEntryCount: 0, FailedEntries: [] };
  });
}

function readTarget(target: Target): RuleTarget {
  const { Id, Arn, Input, InputPath, DeadLetterConfig, RetryPolicy } = target;
  if (!Id || !Arn) throw invalid('Parameter Targets is not valid. Reason: Id and Arn are required.');
  const unknown = Object.keys(target).find((name) => !PLAYED.has(name));
  if (unknown !== undefined) throw invalid(`the local cloud does not play ${unknown} of a target`);
  if (Input !== undefined && InputPath !== undefined) {
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`);
  }
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age } = RetryPolicy ?? {};
  if (attempts !== undefined && (attempts < 0 || attempts > 185)) {
    throw invalid(`MaximumRetryAttempts of target ${Id} must be 0 to 185.`);
  }
  if (age !== undefined && (age < 60 || age > 86_400)) {
    throw invalid(`MaximumEventAgeInSeconds of target ${Id} must be 60 to 86400.`);
  }
  return {
    id: Id,
    arn: Arn,
    input: Input,
    inputPath: InputPath,
    deadLetterArn: DeadLetterConfig?.Arn,
    ...(RetryPolicy && { retryPolicy: { maximumRetryAttempts: attempts, maximumEventAgeInSeconds: age } }),
  };
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
