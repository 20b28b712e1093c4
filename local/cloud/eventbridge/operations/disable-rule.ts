import { DisableRule$, type DisableRuleCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { ruleName } from './rule-name';

export function disableRule(eventBridge: EventBridge): Operation {
  return operation(DisableRule$, ({ Name, EventBusName }: DisableRuleCommandInput) => {
    checkBus(EventBusName);
    eventBridge.setState(ruleName(Name), 'DISABLED');
    return {};
  });
}
