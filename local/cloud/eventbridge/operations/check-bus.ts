import { ServiceError } from '../../wire/service-error';

/** By name or ARN; it is meant when none is named. */
export function isDefaultBus(name: string | undefined): boolean {
  return name === undefined || name === 'default' || name.endsWith(':event-bus/default');
}

/** Only the default bus is played. @throws ServiceError */
export function checkBus(name: string | undefined): void {
  if (isDefaultBus(name)) return;
  throw new ServiceError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
}
