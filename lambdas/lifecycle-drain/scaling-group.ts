import {
  type AutoScalingClient,
  type AutoScalingGroup,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DescribeWarmPoolCommand,
  type Instance,
  RecordLifecycleActionHeartbeatCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

export interface GroupInstance {
  instanceId: string;
  lifecycleState: string;
  availabilityZone: string;
  launchTemplateVersion: number | undefined;
  isProtectedFromScaleIn: boolean;
}

/** The group as Auto Scaling describes it now. */
export interface GroupView {
  /** Warm ones included. */
  instances: GroupInstance[];
  launchTemplateVersion: number | undefined;
  isMixed: boolean;
  /** Milliseconds. */
  hookGlobalTimeoutMs: number;
}

/** A hook lasts at most 48 h. Source: Auto Scaling user guide, lifecycle hooks. */
const LONGEST_HOOK_MS = 48 * 60 * 60_000;

export interface ScalingGroupOptions {
  client: AutoScalingClient;
  groupName: string;
  hookName: string;
}

/** Our Auto Scaling Group and its terminating hook. */
export class ScalingGroup {
  readonly #client: AutoScalingClient;
  readonly #groupName: string;
  readonly #hook: { AutoScalingGroupName: string; LifecycleHookName: string };

  constructor({ client, groupName, hookName }: ScalingGroupOptions) {
    this.#client = client;
    this.#groupName = groupName;
    this.#hook = { AutoScalingGroupName: groupName, LifecycleHookName: hookName };
  }

  /** Undefined when the group does not exist (any more). */
  async describe(abortSignal: AbortSignal): Promise<GroupView | undefined> {
    const { AutoScalingGroups = [] } = await this.#client.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [this.#groupName] }),
      { abortSignal },
    );
    const [group] = AutoScalingGroups;
    if (!group) return undefined;
    const [warm, hookGlobalTimeoutMs] = await Promise.all([
      group.WarmPoolConfiguration ? this.#warmInstances(abortSignal) : [],
      this.#hookGlobalTimeoutMs(abortSignal),
    ]);
    const instances = [...(group.Instances ?? []), ...warm].flatMap(readInstance);
    return {
      instances,
      launchTemplateVersion: versionOf(group, instances),
      isMixed: group.MixedInstancesPolicy?.InstancesDistribution !== undefined,
      hookGlobalTimeoutMs,
    };
  }

  /** Restarts the hook's timeout. False when the hook no longer holds the instance. */
  heartbeat(instanceId: string, abortSignal: AbortSignal): Promise<boolean> {
    return unlessOver(() =>
      this.#client.send(
        new RecordLifecycleActionHeartbeatCommand({ ...this.#hook, InstanceId: instanceId }),
        { abortSignal },
      ),
    );
  }

  /** Ends the hook. False when it no longer holds the instance. */
  complete(instanceId: string, result: 'CONTINUE' | 'ABANDON', abortSignal: AbortSignal): Promise<boolean> {
    return unlessOver(() =>
      this.#client.send(
        new CompleteLifecycleActionCommand({
          ...this.#hook,
          InstanceId: instanceId,
          LifecycleActionResult: result,
        }),
        { abortSignal },
      ),
    );
  }

  /** Has the instance replaced. False when it is gone. */
  markUnhealthy(instanceId: string, abortSignal: AbortSignal): Promise<boolean> {
    return unlessOver(() =>
      this.#client.send(
        new SetInstanceHealthCommand({
          InstanceId: instanceId,
          HealthStatus: 'Unhealthy',
          // The node was in service: there is no start to wait for.
          ShouldRespectGracePeriod: false,
        }),
        { abortSignal },
      ),
    );
  }

  /** Ends a retained instance, which counts for nothing any more. False when it is gone. */
  terminateRetained(instanceId: string, abortSignal: AbortSignal): Promise<boolean> {
    return unlessOver(() =>
      this.#client.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: instanceId,
          ShouldDecrementDesiredCapacity: false,
        }),
        { abortSignal },
      ),
    );
  }

  async #warmInstances(abortSignal: AbortSignal): Promise<Instance[]> {
    const instances: Instance[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new DescribeWarmPoolCommand({ AutoScalingGroupName: this.#groupName, NextToken: token }),
        { abortSignal },
      );
      instances.push(...(page.Instances ?? []));
      token = page.NextToken;
    } while (token !== undefined);
    return instances;
  }

  async #hookGlobalTimeoutMs(abortSignal: AbortSignal): Promise<number> {
    const { LifecycleHooks = [] } = await this.#client.send(
      new DescribeLifecycleHooksCommand({
        AutoScalingGroupName: this.#groupName,
        LifecycleHookNames: [this.#hook.LifecycleHookName],
      }),
      { abortSignal },
    );
    const seconds = LifecycleHooks[0]?.GlobalTimeout;
    return seconds === undefined ? LONGEST_HOOK_MS : seconds * 1_000;
  }
}

function readInstance(instance: Instance): GroupInstance[] {
  const { InstanceId, LifecycleState, AvailabilityZone, LaunchTemplate, ProtectedFromScaleIn } = instance;
  if (!InstanceId || !LifecycleState) return [];
  return [
    {
      instanceId: InstanceId,
      lifecycleState: LifecycleState,
      availabilityZone: AvailabilityZone ?? '',
      launchTemplateVersion: readVersion(LaunchTemplate?.Version),
      isProtectedFromScaleIn: ProtectedFromScaleIn === true,
    },
  ];
}

/** A group that follows `$Latest` doesn't say which that is; the newest of its instances shows it. */
function versionOf(group: AutoScalingGroup, instances: readonly GroupInstance[]): number | undefined {
  const template =
    group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;
  const version = readVersion(template?.Version);
  if (version !== undefined || !template) return version;
  const versions = instances.flatMap(({ launchTemplateVersion }) => launchTemplateVersion ?? []);
  return versions.length > 0 ? Math.max(...versions) : undefined;
}

function readVersion(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What Auto Scaling answers when another invocation, or the hook's own end, was faster. */
const OVER = /no active lifecycle action|not found|is not part of|does not exist|not in a valid state/i;

async function unlessOver(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && OVER.test(error.message)) return false;
    throw error;
  }
}
