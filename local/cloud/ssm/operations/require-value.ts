import { ServiceError } from '../../wire/service-error';

/** @throws ServiceError in the words of AWS' validation when it is missing */
export function requireValue<T>(value: T | undefined, member: string): T {
  if (value !== undefined) return value;
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}
