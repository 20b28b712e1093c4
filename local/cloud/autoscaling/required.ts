import { ServiceError } from '../wire/service-error';

/** A member that the service's model demands. @throws ServiceError when it is missing or empty */
export function required<Value>(value: Value | undefined, name: string): Value {
  if (value !== undefined && value !== '') return value;
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  throw new ServiceError(
    'ValidationError',
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

/** @throws ServiceError */
export function invalid(message: string): never {
  throw new ServiceError('ValidationError', message);
}
