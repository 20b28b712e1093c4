import { ServiceError } from '../../wire/service-error';

/** @throws ServiceError when it is missing or can't be one (API reference, PutRule) */
export function ruleName(name: string | undefined, member = 'name'): string {
  if (name === undefined) {
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
    );
  }
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name)) {
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '${name}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+`,
    );
  }
  return name;
}
