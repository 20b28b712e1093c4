import { RemoveTargets$, type RemoveTargetsCommandInput } from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { checkBus } from './check-bus';
import { requireOneOf } from './require-one-of';
import { ruleName } from './rule-name';

export function removeTargets(eventBridge: EventBridge): Operation {
  return operation(RemoveTargets$, ({ Rule, EventBusName, Ids }: RemoveTargetsCommandInput) => {
    checkBus(EventBusName);
    const missing = eventBridge.removeTargets(ruleName(Rule, 'rule'), requireOneOf('ids', Ids, 100));
    return {
      FailedEntryCount: missing.length,
      FailedEntries: missing.map((TargetId) => ({
        TargetId,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Target ${TargetId} does not exist.`,
      })),
    };
  });
}
