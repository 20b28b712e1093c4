import type { LifecycleHook as HookShape } from '@aws-sdk/client-auto-scaling';
import { globalTimeoutSeconds, type LifecycleHook } from '../lifecycle-hook';

export function lifecycleHookView(hook: LifecycleHook, groupName: string): HookShape {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: groupName,
    LifecycleTransition: hook.transition,
    HeartbeatTimeout: hook.heartbeatTimeoutSeconds,
    GlobalTimeout: globalTimeoutSeconds(hook),
    DefaultResult: hook.defaultResult,
    NotificationMetadata: hook.notificationMetadata,
  };
}
