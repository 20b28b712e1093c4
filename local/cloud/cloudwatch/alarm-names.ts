import { missingParameter, validationError } from './cloudwatch-error';

/** API reference, DeleteAlarms and DescribeAlarms. */
const MAX_NAMES = 100;

/** @throws ServiceError */
export function readAlarmNames(names: readonly string[] | undefined): readonly string[] {
  if (!names || names.length === 0) throw missingParameter('AlarmNames');
  if (names.length > MAX_NAMES) {
    throw validationError(`The collection AlarmNames must not have a size greater than ${MAX_NAMES}.`);
  }
  return names;
}

/** How many records a describe call gives (API reference: 1 to 100). @throws ServiceError */
export function readMaxRecords(maxRecords: number | undefined, byDefault: number): number {
  if (maxRecords === undefined) return byDefault;
  if (!Number.isSafeInteger(maxRecords) || maxRecords < 1 || maxRecords > 100) {
    throw validationError(
      `1 validation error detected: Value '${maxRecords}' at 'maxRecords' failed to satisfy constraint: Member must have value between 1 and 100`,
    );
  }
  return maxRecords;
}

const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

export function checkState(state: string): void {
  if (STATES.includes(state)) return;
  throw validationError(
    `1 validation error detected: Value '${state}' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [${STATES.join(', ')}]`,
  );
}
