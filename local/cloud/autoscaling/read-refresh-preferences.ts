import type { RefreshPreferences as PreferencesShape } from '@aws-sdk/client-auto-scaling';
import type { RefreshPreferences } from './instance-refresh';
import { invalid } from './required';

/** With the service's defaults. Source: API reference, RefreshPreferences. @throws ServiceError */
export function readRefreshPreferences(input: PreferencesShape): RefreshPreferences {
  const { MinHealthyPercentage: min = 90, MaxHealthyPercentage: max, CheckpointPercentages } = input;
  if (CheckpointPercentages && CheckpointPercentages.length > 0) {
    invalid('the local cloud plays no checkpoints of instance refreshes');
  }
  if (min < 0 || min > 100) invalid('MinHealthyPercentage must be between 0 and 100.');
  if (max !== undefined) {
    if (max < 100 || max > 200) invalid('MaxHealthyPercentage must be between 100 and 200.');
    if (input.MinHealthyPercentage === undefined) {
      invalid('MinHealthyPercentage must be specified when MaxHealthyPercentage is specified.');
    }
    if (max - min > 100) {
      invalid(
        'The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.',
      );
    }
  }
  const protectedInstances = input.ScaleInProtectedInstances ?? 'Wait';
  const bakeTimeSeconds = input.BakeTime ?? 0;
  if (bakeTimeSeconds < 0 || bakeTimeSeconds > 172_800) invalid('BakeTime must be between 0 and 172800.');
  return {
    minHealthyPercentage: min,
    maxHealthyPercentage: max,
    instanceWarmupSeconds: input.InstanceWarmup,
    skipMatching: input.SkipMatching ?? false,
    bakeTimeSeconds,
    alarms: input.AlarmSpecification?.Alarms ?? [],
    scaleInProtectedInstances: protectedInstances,
    autoRollback: input.AutoRollback ?? false,
  };
}
