import type { AwsService } from '../wire/aws-service';
import type { EventBridge } from './eventbridge';
import { deleteRule } from './operations/delete-rule';
import { describeRule } from './operations/describe-rule';
import { disableRule } from './operations/disable-rule';
import { enableRule } from './operations/enable-rule';
import { listRules } from './operations/list-rules';
import { listTargetsByRule } from './operations/list-targets-by-rule';
import { putEvents } from './operations/put-events';
import { putRule } from './operations/put-rule';
import { putTargets } from './operations/put-targets';
import { removeTargets } from './operations/remove-targets';

/** EventBridge over JSON 1.1. */
export function eventBridgeService(eventBridge: EventBridge): AwsService {
  return {
    signingName: 'events',
    protocols: [{ kind: 'json', version: '1.1', target: 'AWSEvents' }],
    operations: [
      putEvents(eventBridge),
      putRule(eventBridge),
      describeRule(eventBridge),
      listRules(eventBridge),
      enableRule(eventBridge),
      disableRule(eventBridge),
      deleteRule(eventBridge),
      putTargets(eventBridge),
      listTargetsByRule(eventBridge),
      removeTargets(eventBridge),
    ],
  };
}
