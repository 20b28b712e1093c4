import {
  ListTargetsByRule$,
  type ListTargetsByRuleCommandInput,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import type { RuleTarget } from '../rule';
import { checkBus } from './check-bus';
import { pageOf } from './page-of';
import { ruleName } from './rule-name';

export function listTargetsByRule(eventBridge: EventBridge): Operation {
  return operation(
    ListTargetsByRule$,
    ({ Rule, EventBusName, Limit, NextToken }: ListTargetsByRuleCommandInput) => {
      checkBus(EventBusName);
      const { targets } = eventBridge.rule(ruleName(Rule, 'rule'));
      const page = pageOf([...targets.values()], Limit, NextToken);
      return { Targets: page.items.map(targetOutput), NextToken: page.NextToken };
    },
  );
}

function targetOutput({ id, arn, input, inputPath, deadLetterArn, retryPolicy }: RuleTarget): Target {
  return {
    Id: id,
    Arn: arn,
    Input: input,
    InputPath: inputPath,
    DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
    RetryPolicy: retryPolicy && {
      MaximumRetryAttempts: retryPolicy.maximumRetryAttempts,
      MaximumEventAgeInSeconds: retryPolicy.maximumEventAgeInSeconds,
    },
  };
}
