import { StartInstanceRefresh$, type StartInstanceRefreshCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import { ServiceError } from '../../wire/service-error';
import type { AutoScaling } from '../auto-scaling';
import { readLaunch } from '../read-launch';
import { readRefreshPreferences } from '../read-refresh-preferences';
import { invalid, required } from '../required';

export function startInstanceRefresh(model: AutoScaling): Operation {
  return operation(StartInstanceRefresh$, (input: StartInstanceRefreshCommandInput) => {
    const group = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    if (input.Strategy !== undefined && input.Strategy !== 'Rolling') {
      invalid(`the local cloud plays no instance refresh of strategy ${input.Strategy}`);
    }
    if (group.activeRefresh) {
      throw new ServiceError(
        'InstanceRefreshInProgress',
        'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.',
      );
    }
    const preferences = readRefreshPreferences(input.Preferences ?? {});
    const desiredConfiguration = input.DesiredConfiguration && readLaunch(input.DesiredConfiguration);
    if (desiredConfiguration) model.cloud.launchTemplates.resolve(desiredConfiguration.template);
    if (preferences.autoRollback && !desiredConfiguration) {
      invalid('AutoRollback requires a desired configuration.');
    }
    const refresh = group.startRefresh({ preferences, desiredConfiguration });
    return { InstanceRefreshId: refresh.refreshId };
  });
}
