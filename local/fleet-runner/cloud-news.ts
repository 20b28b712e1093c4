import type { CloudEntry } from '../cloud/journal';
import type { RunnerEvent } from './runner-events';

/** What a person at the terminal should hear of the cloud's journal; the console shows all of it. */
export function newsOf(entry: CloudEntry): RunnerEvent | undefined {
  switch (entry.kind) {
    case 'alarm':
      return entry.to === 'ALARM' || entry.from === 'ALARM'
        ? { event: 'alarm', name: entry.alarmName, state: entry.to, reason: entry.reason }
        : undefined;
    case 'desired-capacity':
      return { event: 'desired-capacity', from: entry.from, to: entry.to, cause: entry.cause };
    case 'retained':
      return { event: 'instance-retained', nodeId: entry.instanceId, reason: entry.reason };
    case 'instance-state':
      return entry.to === 'Terminated' ? { event: 'node-left', nodeId: entry.instanceId } : undefined;
    case 'invocation':
      return entry.outcome === 'ok'
        ? undefined
        : { event: 'warning', message: `${entry.functionName}: ${entry.outcome}, ${entry.message ?? ''}` };
    default:
      return undefined;
  }
}
