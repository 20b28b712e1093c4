import { PutRule$, type PutRuleCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { ruleName } from './rule-name';

export function putRule(eventBridge: EventBridge): Operation {
  return operation(PutRule$, (input: PutRuleCommandInput) => {
    checkBus(input.EventBusName);
    const RuleArn = eventBridge.putRule({
      name: ruleName(input.Name),
      description: input.Description,
      eventPattern: input.EventPattern,
      scheduleExpression: input.ScheduleExpression,
      state: input.State === 'DISABLED' ? 'DISABLED' : 'ENABLED',
    });
    return { RuleArn };
  });
}
