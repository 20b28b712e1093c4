import type { Rule as RuleOutput } from '@aws-sdk/client-eventbridge';
import type { Rule } from '../rule';

export function ruleOutput(rule: Rule): RuleOutput {
  return {
    Name: rule.name,
    Arn: rule.arn,
    Description: rule.description,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    EventBusName: 'default',
  };
}
