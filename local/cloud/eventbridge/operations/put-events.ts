import {
  PutEvents$,
  type PutEventsCommandInput,
  type PutEventsCommandOutput,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { operation, type Operation } from '../../wire/operation';
import type { EventBridge } from '../eventbridge';
import { requireOneOf } from './require-one-of';
import { isDefaultBus } from './check-bus';

/** API reference, PutEvents: at most ten entries, each refused or taken by itself. */
export function putEvents(eventBridge: EventBridge): Operation {
  return operation(
    PutEvents$,
    ({ Entries }: PutEventsCommandInput): Omit<PutEventsCommandOutput, '$metadata'> => {
      const entries = requireOneOf('entries', Entries, 10);
      const results = entries.map((entry) => put(eventBridge, entry));
      const failed = results.filter(({ ErrorCode }) => ErrorCode !== undefined);
      return { Entries: results, FailedEntryCount: failed.length };
    },
  );
}

function put(eventBridge: EventBridge, entry: PutEventsRequestEntry): PutEventsResultEntry {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[name]) {
      return refused(
        'InvalidArgument',
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
    }
  }
  const { Source = '', DetailType = '', Detail = '', Resources = [], EventBusName } = entry;
  // What AWS does with another bus is not documented; here there is none.
  if (!isDefaultBus(EventBusName)) {
    return refused('ResourceNotFoundException', `Event bus ${EventBusName} does not exist.`);
  }
  if (Source.startsWith('aws.')) {
    return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  const detail = parse(Detail);
  if (!detail) return refused('MalformedDetail', 'Detail is malformed.');
  return {
    EventId: eventBridge.take({ source: Source, detailType: DetailType, detail, resources: Resources }),
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON.
    return undefined;
  }
}

function refused(ErrorCode: string, ErrorMessage: string): PutEventsResultEntry {
  return { ErrorCode, ErrorMessage };
}
