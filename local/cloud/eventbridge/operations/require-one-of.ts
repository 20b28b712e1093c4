import { ServiceError } from '../../wire/service-error';

/** A list that wants one item at least, and at most so many. @throws ServiceError in the words of AWS' validation */
export function requireOneOf<T>(name: string, list: readonly T[] | undefined, max: number): readonly T[] {
  const problem =
    list === undefined
      ? `Value null at '${name}' failed to satisfy constraint: Member must not be null`
      : list.length === 0
        ? `Value '[]' at '${name}' failed to satisfy constraint: Member must have length greater than or equal to 1`
        : list.length > max
          ? `Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${max}`
          : undefined;
  if (problem !== undefined || list === undefined) {
    throw new ServiceError('ValidationException', `1 validation error detected: ${problem}`);
  }
  return list;
}
