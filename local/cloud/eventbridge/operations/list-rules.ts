import { ListRules$, type ListRulesCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { pageOf } from './page-of';
import { ruleOutput } from './rule-output';

export function listRules(eventBridge: EventBridge): Operation {
  return operation(
    ListRules$,
    ({ NamePrefix = '', EventBusName, Limit, NextToken }: ListRulesCommandInput) => {
      checkBus(EventBusName);
      const found = eventBridge.listRules().filter(({ name }) => name.startsWith(NamePrefix));
      const page = pageOf(found, Limit, NextToken);
      return { Rules: page.items.map(ruleOutput), NextToken: page.NextToken };
    },
  );
}
