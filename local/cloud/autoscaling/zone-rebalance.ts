import { suggestTerminations } from './choose-terminations';
import { askTerminationPolicy } from './custom-termination-policy';
import type { GroupState } from './group-state';
import { candidateOf } from './termination-selector';

/** How often a group that stays unbalanced is looked at again; the service says "gradually". */
const LOOK_AGAIN_MS = 60_000;

/**
 * AZRebalance: a zone with two instances more than another is evened out. The new instance comes first; then the group
 * has more than it wants, and scales in.
 * Source: user guide, "Rebalancing activities"; "Create a custom termination policy", considerations.
 */
export class ZoneRebalance {
  /** 1 while a new instance comes that makes another superfluous. */
  extra = 0;
  private isAsking = false;
  private notBeforeMs = 0;

  constructor(
    private readonly group: GroupState,
    private readonly onChange: () => void,
  ) {}

  /** @param isBusy the group has something else to do */
  look(isBusy: boolean): void {
    const { group } = this;
    const isOff = (['AZRebalance', 'Launch', 'Terminate'] as const).some((process) =>
      group.isSuspended(process),
    );
    if (this.extra > 0) {
      if (isOff || group.inService().length > group.desired) this.extra = 0;
      return;
    }
    const { clock } = group.cloud;
    if (isOff || isBusy || this.isAsking || clock.monotonicMs() < this.notBeforeMs) return;
    if (group.inService().length !== group.desired || this.spread() < 2) return;
    this.notBeforeMs = clock.monotonicMs() + LOOK_AGAIN_MS;
    clock.setTimer(LOOK_AGAIN_MS, this.onChange);
    void this.isAnybodyReady().then((ready) => {
      this.isAsking = false;
      if (!ready) return;
      this.extra = 1;
      this.onChange();
    });
  }

  /** First it asks a custom policy whether anybody could go at all. */
  private async isAnybodyReady(): Promise<boolean> {
    const { group } = this;
    const [first = ''] = group.settings.terminationPolicies;
    if (!first.startsWith('arn:')) return true;
    this.isAsking = true;
    const members = group.members();
    const candidates = members
      .filter(({ isProtectedFromScaleIn }) => !isProtectedFromScaleIn)
      .map(candidateOf);
    const suggestion = suggestTerminations({ candidates, members, count: 1, onDemandShare: undefined });
    const answer = await askTerminationPolicy(
      {
        functionArn: first,
        groupArn: group.arn,
        groupName: group.settings.name,
        suggestion,
        cause: 'REBALANCE',
      },
      group.cloud,
    );
    return 'instanceIds' in answer;
  }

  private spread(): number {
    const zones = [...new Set(this.group.settings.subnets.map(({ availabilityZone }) => availabilityZone))];
    const sizes = zones.map(
      (zone) => this.group.members().filter(({ availabilityZone }) => availabilityZone === zone).length,
    );
    return Math.max(...sizes) - Math.min(...sizes);
  }
}
