import { EnableRule$, type EnableRuleCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { ruleName } from './rule-name';

export function enableRule(eventBridge: EventBridge): Operation {
  return operation(EnableRule$, ({ Name, EventBusName }: EnableRuleCommandInput) => {
    checkBus(EventBusName);
    eventBridge.setState(ruleName(Name), 'ENABLED');
    return {};
  });
}
