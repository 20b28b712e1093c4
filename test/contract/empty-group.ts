import {
  type AutoScalingClient,
  CancelInstanceRefreshCommand,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  type Instance,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

/**
 * One step towards a group as the suite finds it: without instances, refreshes and suspensions. True when it is there;
 * to be repeated until then.
 */
export async function emptyGroup(client: AutoScalingClient, groupName: string): Promise<true | undefined> {
  const AutoScalingGroupName = groupName;
  await client.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName })).catch(unlessNone);
  await client.send(new ResumeProcessesCommand({ AutoScalingGroupName }));
  const { AutoScalingGroups = [] } = await client.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
  );
  const { Instances = [] } = AutoScalingGroups[0] ?? {};
  const protectedIds = Instances.flatMap(({ InstanceId, ProtectedFromScaleIn, LifecycleState }) =>
    InstanceId && ProtectedFromScaleIn && LifecycleState === 'InService' ? InstanceId : [],
  );
  if (protectedIds.length > 0) {
    await client.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName,
        InstanceIds: protectedIds,
        ProtectedFromScaleIn: false,
      }),
    );
  }
  await client.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize: 0, DesiredCapacity: 0 }),
  );
  for (const instance of Instances) await letGo(client, groupName, instance);
  return Instances.length === 0 ? true : undefined;
}

async function letGo(
  client: AutoScalingClient,
  AutoScalingGroupName: string,
  { InstanceId, LifecycleState }: Instance,
): Promise<void> {
  if (LifecycleState === 'Terminating:Retained') {
    await client
      .send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: false }),
      )
      .catch(unlessNone);
  }
  if (!LifecycleState?.endsWith(':Wait')) return;
  const { LifecycleHooks = [] } = await client.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName }),
  );
  for (const { LifecycleHookName } of LifecycleHooks) {
    await client
      .send(
        new CompleteLifecycleActionCommand({
          AutoScalingGroupName,
          LifecycleHookName,
          InstanceId,
          LifecycleActionResult: 'CONTINUE',
        }),
      )
      .catch(unlessNone);
  }
}

/** What is over already needs no end. */
function unlessNone(error: unknown): void {
  const isOver =
    error instanceof Error && /^(ValidationError|ActiveInstanceRefreshNotFound)/.test(error.name);
  if (!isOver) throw error;
}
