import type { Dimension } from '@aws-sdk/client-cloudwatch';
import { invalidValue, missingParameter } from './cloudwatch-error';

/** Limits of the API reference, Dimension and MetricDatum. */
const MAX_DIMENSIONS = 30;
const MAX_NAME = 255;
const MAX_VALUE = 1_024;

/** @param path of the list, for the message @throws ServiceError */
export function readDimensions(
  dimensions: readonly Dimension[] | undefined,
  path: string,
): Record<string, string> {
  if (dimensions && dimensions.length > MAX_DIMENSIONS) {
    throw invalidValue(`The collection ${path} must not have a size greater than ${MAX_DIMENSIONS}.`);
  }
  const read: Record<string, string> = {};
  for (const [index, { Name, Value }] of (dimensions ?? []).entries()) {
    const at = `${path}.member.${index + 1}`;
    if (!Name) throw missingParameter(`${at}.Name`);
    if (!Value) throw missingParameter(`${at}.Value`);
    // Name: no colon in front; both: ASCII without control characters, and not only spaces (Dimension).
    if (Name.length > MAX_NAME || Name.startsWith(':') || !isText(Name)) {
      throw invalidValue(`The value ${Name} for parameter ${at}.Name is invalid.`);
    }
    if (Value.length > MAX_VALUE || !isText(Value)) {
      throw invalidValue(`The value ${Value} for parameter ${at}.Value is invalid.`);
    }
    if (Object.hasOwn(read, Name)) {
      throw invalidValue(`The values for parameter Name in ${path} are not unique.`);
    }
    read[Name] = Value;
  }
  return read;
}

export function isText(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text) && text.trim() !== '';
}

export function dimensionList(dimensions: Readonly<Record<string, string>>): Dimension[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}
