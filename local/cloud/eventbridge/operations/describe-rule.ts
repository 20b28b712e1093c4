import { DescribeRule$, type DescribeRuleCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { ruleName } from './rule-name';
import { ruleOutput } from './rule-output';

export function describeRule(eventBridge: EventBridge): Operation {
  return operation(DescribeRule$, ({ Name, EventBusName }: DescribeRuleCommandInput) => {
    checkBus(EventBusName);
    return ruleOutput(eventBridge.rule(ruleName(Name)));
  });
}
