import type { Timer } from '../../../core/clock';
import type { Activity } from './activities';
import {
  chooseTerminations,
  suggestTerminations,
  type PredefinedPolicy,
  type TerminationCandidate,
  type TerminationDemand,
} from './choose-terminations';
import { askTerminationPolicy, type TerminationCause } from './custom-termination-policy';
import type { GroupInstance } from './group-instance';
import { onDemandShare } from './group-settings';
import type { GroupState } from './group-state';

/**
 * "Waits a short time before invoking your function again": how long is not documented.
 * Source: user guide, "Create a custom termination policy", considerations.
 */
const ASK_AGAIN_MS = 10_000;

export interface SelectionRequest {
  candidates: readonly GroupInstance[];
  count: number;
  cause: TerminationCause;
}

/** Chooses whom a group terminates; at most one selection at a time. */
export class TerminationSelector {
  private isAsking = false;
  private retry: Timer | undefined;
  private failure: Activity | undefined;

  constructor(
    private readonly group: GroupState,
    /** Called when it is time to ask again. */
    private readonly onRetry: () => void,
  ) {}

  /** Whether it waits for an answer, or before it asks again. */
  get isBusy(): boolean {
    return this.isAsking || this.retry !== undefined;
  }

  close(): void {
    this.retry?.cancel();
    this.retry = undefined;
  }

  /**
   * Calls with those to terminate: at once with the predefined policies, later with a function. Those that ended or
   * became protected meanwhile are left out; if nobody is named, it asks again.
   */
  select(request: SelectionRequest, then: (chosen: GroupInstance[]) => void): void {
    if (this.isBusy || request.count <= 0 || request.candidates.length === 0) return;
    const [first = 'Default', ...others] = this.group.settings.terminationPolicies;
    if (!isFunction(first)) {
      then(this.pick(request, request.candidates, [first, ...others].map(predefined)));
      return;
    }
    // Until all that were chosen are on their way: the group looks again with each of them.
    this.isAsking = true;
    void this.ask(first, request)
      .then((named) => {
        // Surplus ids go to the other policies. Source: as above.
        if (named.length > 0) then(this.pick(request, named, others.map(predefined)));
      })
      .finally(() => {
        this.isAsking = false;
        if (!this.retry) this.onRetry();
      });
  }

  private async ask(functionArn: string, request: SelectionRequest): Promise<GroupInstance[]> {
    const { group } = this;
    const answer = await askTerminationPolicy(
      {
        functionArn,
        groupArn: group.arn,
        groupName: group.settings.name,
        suggestion: suggestTerminations(this.demand(request, request.candidates)),
        cause: request.cause,
      },
      group.cloud,
    );
    if ('failure' in answer) {
      this.nobody(answer.failure);
      return [];
    }
    // A function may override the suggestions by others of the group, but protected instances always stay, and a
    // refresh ends only what it replaces.
    const eligible = request.cause === 'SCALE_IN' ? group.inService() : request.candidates;
    const named = answer.instanceIds.flatMap((id) => {
      const instance = eligible.find(({ instanceId }) => instanceId === id);
      return instance && isEligible(instance, request.cause) ? [instance] : [];
    });
    if (named.length === 0) this.nobody('the function returned no instance that can be terminated');
    else this.failure = undefined;
    return named;
  }

  private pick(
    request: SelectionRequest,
    among: readonly GroupInstance[],
    policies: readonly PredefinedPolicy[],
  ): GroupInstance[] {
    const chosen = chooseTerminations(
      this.demand(request, among),
      policies.length > 0 ? policies : ['Default'],
    );
    return chosen.flatMap(({ instanceId }) => this.group.instances.get(instanceId) ?? []);
  }

  private demand(request: SelectionRequest, among: readonly GroupInstance[]): TerminationDemand {
    const { launch } = this.group;
    return {
      candidates: among.map(candidateOf),
      members: this.group.members(),
      count: request.count,
      onDemandShare: launch.mixedInstances ? (total) => onDemandShare(launch, total) : undefined,
      balanceZones: request.cause !== 'INSTANCE_REFRESH',
    };
  }

  /** One activity for as long as it lasts; how the service words it is not documented. */
  private nobody(why: string): void {
    const { activities, cloud } = this.group;
    if (!this.failure) {
      this.failure = activities.begin({
        description: 'Terminating EC2 instance',
        cause: this.group.causes.join('  '),
        status: 'InProgress',
      });
      activities.update(this.failure, 'Failed', why);
    }
    this.retry = cloud.clock.setTimer(ASK_AGAIN_MS, () => {
      this.retry = undefined;
      this.onRetry();
    });
  }
}

/** A refresh replaces protected instances too, when it is told to; who is asked for is its decision. */
function isEligible(instance: GroupInstance, cause: TerminationCause): boolean {
  return instance.isMember && (cause === 'INSTANCE_REFRESH' || !instance.isProtectedFromScaleIn);
}

function isFunction(policy: string): boolean {
  return policy.startsWith('arn:');
}

function predefined(policy: string): PredefinedPolicy {
  return policy === 'OldestInstance' || policy === 'NewestInstance' || policy === 'OldestLaunchTemplate'
    ? policy
    : 'Default';
}

/** As the choice sees it. */
export function candidateOf(instance: GroupInstance): TerminationCandidate {
  const { instanceId, availabilityZone, instanceType, market, template, launchedAtMs } = instance;
  return {
    instanceId,
    availabilityZone,
    instanceType,
    market,
    launchedAtMs,
    templateVersion: template.version,
  };
}
