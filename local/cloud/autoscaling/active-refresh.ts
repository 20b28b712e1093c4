import { ServiceError } from '../wire/service-error';
import type { Group } from './group';
import type { InstanceRefresh } from './instance-refresh';

/** @throws ServiceError when none runs */
export function activeRefreshOf({ activeRefresh, state }: Group): InstanceRefresh {
  if (activeRefresh) return activeRefresh;
  throw new ServiceError(
    'ActiveInstanceRefreshNotFound',
    `No in progress or pending Instance Refresh found for Auto Scaling group ${state.settings.name}`,
  );
}
