import { z } from 'zod';

/** What an invocation is about. */
export type LifecycleOccasion =
  /** Look at the whole group. */
  | { kind: 'sweep' }
  /** An instance leaves the group, or goes back to its warm pool. */
  | { kind: 'terminating'; instanceId: string; atMs: number }
  /** An instance of the warm pool ends. */
  | { kind: 'warmTerminating'; instanceId: string; atMs: number }
  | { kind: 'spot'; instanceId: string; atMs: number }
  | { kind: 'rebalance'; instanceId: string; atMs: number }
  /** An event of another group or hook, or of a kind that is not ours. */
  | { kind: 'foreign'; detailType: string };

const eventSchema = z.object({
  'detail-type': z.string(),
  time: z.iso.datetime({ offset: true }).transform((time) => Date.parse(time)),
  detail: z.record(z.string(), z.unknown()).default({}),
});

const instanceId = z.string().regex(/^i-[0-9a-f]{8,32}$/);

const terminateSchema = z.object({
  AutoScalingGroupName: z.string(),
  LifecycleHookName: z.string(),
  EC2InstanceId: instanceId,
  Origin: z.string().optional(),
  Destination: z.string().optional(),
});

const noticeSchema = z.object({ 'instance-id': instanceId });

export interface EventScope {
  groupName: string;
  hookName: string;
}

/** @throws z.ZodError for an event that is not what its type says */
export function readLifecycleEvent(event: unknown, { groupName, hookName }: EventScope): LifecycleOccasion {
  const { 'detail-type': detailType, time: atMs, detail } = eventSchema.parse(event);
  switch (detailType) {
    case 'Scheduled Event':
      return { kind: 'sweep' };
    case 'EC2 Instance-terminate Lifecycle Action': {
      const action = terminateSchema.parse(detail);
      if (action.AutoScalingGroupName !== groupName || action.LifecycleHookName !== hookName) {
        return { kind: 'foreign', detailType };
      }
      const kind = action.Origin === 'WarmPool' ? 'warmTerminating' : 'terminating';
      return { kind, instanceId: action.EC2InstanceId, atMs };
    }
    case 'EC2 Spot Instance Interruption Warning':
      return { kind: 'spot', instanceId: noticeSchema.parse(detail)['instance-id'], atMs };
    case 'EC2 Instance Rebalance Recommendation':
      return { kind: 'rebalance', instanceId: noticeSchema.parse(detail)['instance-id'], atMs };
    default:
      return { kind: 'foreign', detailType };
  }
}
