import { type AutoScalingClient, SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describeError } from '../common/log';

export interface HandlerParts {
  autoScaling: AutoScalingClient;
  /** How the answer reaches CloudFormation. @throws when it does not */
  respond: (url: string, body: string) => Promise<void>;
  log: (line: string) => void;
}

export type SuspendHandler = (event: CloudFormationCustomResourceEvent) => Promise<void>;

/**
 * A custom resource that answers CloudFormation itself. Properties: `AutoScalingGroupName`, `ScalingProcesses` (a
 * list), and anything that changes with each deployment, since an unchanged resource is not called.
 *
 * Deleting it resumes nothing: the group goes with the stack, or stays as it is, and AZRebalance would end calls.
 */
export function createHandler({ autoScaling, respond, log }: HandlerParts): SuspendHandler {
  return async (event) => {
    let failure: { name: string; message: string } | undefined;
    try {
      if (event.RequestType !== 'Delete') await suspend(event.ResourceProperties);
    } catch (error) {
      failure = describeError(error);
    }
    const groupName = String(event.ResourceProperties['AutoScalingGroupName'] ?? '');
    log(
      JSON.stringify({
        level: failure ? 'error' : 'info',
        audit: 'suspend-processes',
        request: event.RequestType,
        groupName,
        error: failure,
      }),
    );
    // Only the answer counts: without it CloudFormation waits for an hour. If it can't be sent, Lambda tries again.
    await respond(
      event.ResponseURL,
      JSON.stringify({
        Status: failure ? 'FAILED' : 'SUCCESS',
        Reason: failure ? `${failure.name}: ${failure.message}`.slice(0, 1_000) : 'suspended',
        // Stays the same through updates: another id would make CloudFormation delete the "old" resource.
        PhysicalResourceId:
          event.RequestType === 'Create' ? `suspended-processes/${groupName}` : event.PhysicalResourceId,
        StackId: event.StackId,
        RequestId: event.RequestId,
        LogicalResourceId: event.LogicalResourceId,
      }),
    );
  };

  async function suspend(properties: CloudFormationCustomResourceEvent['ResourceProperties']): Promise<void> {
    const { AutoScalingGroupName, ScalingProcesses } = properties as Record<string, unknown>;
    if (typeof AutoScalingGroupName !== 'string' || AutoScalingGroupName === '') {
      throw new TypeError('AutoScalingGroupName is required');
    }
    if (
      !Array.isArray(ScalingProcesses) ||
      ScalingProcesses.length === 0 ||
      !ScalingProcesses.every((name) => typeof name === 'string')
    ) {
      // Without names Auto Scaling would suspend everything, launches too.
      throw new TypeError('ScalingProcesses must name the processes');
    }
    await autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
  }
}
