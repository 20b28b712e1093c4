import { ServiceError } from '../../wire/service-error';

/** @throws ServiceError in the words of AWS' validation when it is missing */
export function requireId(value: string | undefined, member = 'secretId'): string {
  if (value !== undefined && value !== '') return value;
  const what = value === undefined ? 'null' : "''";
  const rule = value === undefined ? 'not be null' : 'have length greater than or equal to 1';
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value ${what} at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );
}
