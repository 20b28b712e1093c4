import type { Clock, RandomSource } from '../../../core/clock';
import type { CloudIdentity } from '../cloud-identity';
import type { LaunchTemplates } from '../ec2/launch-templates';
import type { CloudJournal } from '../journal';
import type { EventBus } from '../ports/event-bus';
import type { FunctionRuntime } from '../ports/function-runtime';
import type { Machines } from '../ports/machines';
import type { MetricSink } from '../ports/metric-sink';
import type { TargetGroups } from '../ports/target-groups';

/** What Auto Scaling needs of the rest of the cloud. */
export interface AutoScalingOptions {
  clock: Clock;
  journal: CloudJournal;
  identity: CloudIdentity;
  machines: Machines;
  launchTemplates: LaunchTemplates;
  targetGroups: TargetGroups;
  eventBus: EventBus;
  metrics: MetricSink;
  functions: FunctionRuntime;
  /** The machine's: a function's own work takes real time, however fast the cloud's goes. @default `clock` */
  realClock?: Clock;
  /** Ids come from it. */
  random: RandomSource;
  /** Of CloudWatch: whether an alarm is in ALARM; instance refreshes stop for those that they name. */
  isAlarmActive: (alarmName: string) => boolean;
  /** The zone of a subnet, as `VPCZoneIdentifier` names it; undefined when there is no such subnet. */
  zoneOfSubnet: (subnetId: string) => string | undefined;
  /**
   * Instances that a new group launches first are part of a deployment that is there when the run begins: they need no
   * time to boot. @default false
   */
  prebootNewGroups?: boolean;
}
