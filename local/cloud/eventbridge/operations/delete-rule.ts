import { DeleteRule$, type DeleteRuleCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { ruleName } from './rule-name';

export function deleteRule(eventBridge: EventBridge): Operation {
  return operation(DeleteRule$, ({ Name, EventBusName }: DeleteRuleCommandInput) => {
    checkBus(EventBusName);
    eventBridge.deleteRule(ruleName(Name));
    return {};
  });
}
