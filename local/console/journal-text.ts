import type { ConsoleEvent } from '../../core/protocol/console';
import type { CloudEntry } from '../cloud/journal';

type Tone = ConsoleEvent['tone'];

/** What a message of a process may say at length is in its log. */
const MAX_CHARACTERS = 1_000;

/** An entry of the local cloud's journal as the console shows it. */
export function describeEntry(entry: CloudEntry): ConsoleEvent {
  const { sequence, atMs, kind } = entry;
  const [tone, text] = describe(entry);
  return { sequence, atMs, kind, tone, text: text.slice(0, MAX_CHARACTERS) };
}

function describe(entry: CloudEntry): [Tone, string] {
  switch (entry.kind) {
    case 'instance-state':
      return ['neutral', `${entry.instanceId}: ${entry.from ?? 'new'} → ${entry.to}`];
    case 'activity':
      return [
        toneOfStatus(entry.status),
        `${entry.description} (${entry.status})${entry.statusMessage ? `: ${entry.statusMessage}` : ''}`,
      ];
    case 'desired-capacity':
      return ['warning', `Desired capacity ${entry.from} → ${entry.to}: ${entry.cause}`];
    case 'policy':
      return [
        'neutral',
        `${entry.policyName}, asked by ${entry.alarmName}: ${signed(entry.adjustment)}, ${entry.outcome}`,
      ];
    case 'lifecycle-action':
      return [
        entry.event === 'timed-out' ? 'bad' : entry.event === 'ABANDON' ? 'warning' : 'neutral',
        `${entry.instanceId}, hook ${entry.hookName}: ${entry.event}`,
      ];
    case 'retained':
      return ['bad', `${entry.instanceId} is kept: ${entry.reason}`];
    case 'refresh':
      return [
        toneOfStatus(entry.status),
        `Instance refresh ${entry.status}, ${entry.percentageComplete} %${entry.reason ? `: ${entry.reason}` : ''}`,
      ];
    case 'alarm':
      return [
        entry.to === 'ALARM' ? 'warning' : entry.to === 'OK' ? 'good' : 'neutral',
        `${entry.alarmName}: ${entry.from} → ${entry.to}. ${entry.reason}`,
      ];
    case 'notification':
      return ['warning', `Notice to ${lastPart(entry.topicArn)}: ${entry.subject}`];
    case 'event':
      return [
        'neutral',
        `${entry.detailType} (${entry.source}) → ${entry.rules.length > 0 ? entry.rules.join(', ') : 'no rule'}`,
      ];
    case 'invocation':
      return [
        entry.outcome === 'ok' ? 'neutral' : 'bad',
        `${entry.functionName}: ${entry.outcome} after ${Math.round(entry.tookMs)} ms${entry.message ? `: ${entry.message}` : ''}`,
      ];
    case 'dead-letter':
      return ['bad', `${entry.functionName} failed for good, to ${entry.queueName}: ${entry.message}`];
    case 'target-health':
      return [
        entry.healthy ? 'good' : 'warning',
        `${entry.instanceId} is ${entry.healthy ? 'healthy' : 'unhealthy'} for the load balancer`,
      ];
    case 'deployment':
      return ['neutral', entry.message];
    case 'control':
      return ['neutral', `Console: ${entry.name}${entry.subject ? ` ${entry.subject}` : ''}`];
  }
}

function toneOfStatus(status: string): Tone {
  if (status === 'Successful') return 'good';
  return /^(Failed|Cancelled|Rollback)/.test(status) ? 'bad' : 'neutral';
}

function signed(adjustment: number): string {
  return adjustment > 0 ? `+${adjustment}` : String(adjustment);
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
