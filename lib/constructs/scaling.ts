import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import { Construct } from 'constructs';
import type { FleetConfig } from '../../core/deployment/fleet-config';
import { METRIC_PERIOD_SECONDS } from '../../core/deployment/fleet-metrics';
import { expression, fleetAlarm, poolMetric, term, type AlarmMetric } from './alarm';

export interface ScalingProps {
  readonly groupName: string;
  readonly group: autoscaling.CfnAutoScalingGroup;
  readonly scaling: FleetConfig['scaling'];
  readonly instances: FleetConfig['instances'];
}

/** Periods of the scale-in alarm, seconds. Long, so that the samples of a silent node stand out of the jitter. */
export const SCALE_IN_PERIOD_SECONDS = 300;

/** What one node adds to a metric's sample count in such a period. */
const SAMPLES_PER_NODE = SCALE_IN_PERIOD_SECONDS / METRIC_PERIOD_SECONDS;

/** Above this the fleet grows by twice the step. */
const URGENT_ABOVE_SCALE_OUT = 0.15;

/** Stands for "can not be": no threshold is below it, so no node is removed. */
const NEVER = 1_000;

/**
 * When the fleet grows and shrinks. Utilization is Σ load ÷ Σ safe capacity, of egress or of packets, whichever is
 * higher: a mean of percents would be wrong with several instance types.
 */
export class Scaling extends Construct {
  constructor(scope: Construct, id: string, props: ScalingProps) {
    super(scope, id);
    this.scaleOut(props);
    this.noCapacity(props);
    this.scaleIn(props);
    for (const floor of props.scaling.scheduledFloors) {
      new autoscaling.CfnScheduledAction(this, `Floor-${floor.name}`, {
        autoScalingGroupName: props.group.ref,
        recurrence: floor.cron,
        timeZone: floor.timeZone,
        minSize: floor.min,
      });
    }
  }

  private scaleOut({ groupName, group, scaling }: ScalingProps): void {
    const policy = stepPolicy(this, 'ScaleOut', group, [
      {
        metricIntervalLowerBound: 0,
        metricIntervalUpperBound: URGENT_ABOVE_SCALE_OUT,
        scalingAdjustment: scaling.scaleOutStep,
      },
      { metricIntervalLowerBound: URGENT_ABOVE_SCALE_OUT, scalingAdjustment: 2 * scaling.scaleOutStep },
    ]);
    fleetAlarm(this, 'Busy', {
      name: `${groupName}-busy`,
      description: 'Scaling: utilization of the safe capacity is high, nodes are added. Runbook: scaling.',
      actions: [policy.ref],
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: scaling.scaleOutUtilization,
      evaluationPeriods: scaling.scaleOutAfterSeconds / METRIC_PERIOD_SECONDS,
      // No data is no load that could be known: what is missing is told by an alarm of its own.
      missingData: 'notBreaching',
      metric: [
        ...utilization(groupName, METRIC_PERIOD_SECONDS),
        expression('utilization', 'MAX([byEgress, byPackets])', { returnData: true }),
      ],
    });
  }

  /** Somebody was turned away: at once, and by more. */
  private noCapacity({ groupName, group, scaling }: ScalingProps): void {
    const policy = stepPolicy(this, 'NoCapacityScaleOut', group, [
      { metricIntervalLowerBound: 0, scalingAdjustment: scaling.noCapacityStep },
    ]);
    fleetAlarm(this, 'NoCapacity', {
      name: `${groupName}-no-capacity`,
      description: 'Scaling: a join found no capacity, nodes are added at once. Runbook: scaling.',
      actions: [policy.ref],
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      evaluationPeriods: 1,
      missingData: 'notBreaching',
      metric: poolMetric(groupName, 'NoCapacity', 'Sum', METRIC_PERIOD_SECONDS),
    });
  }

  /**
   * One node fewer, when the rest would carry the load and what it grows by meanwhile. A node that does not report is
   * not a node without load: as long as samples are missing against the nodes in service, nobody leaves.
   */
  private scaleIn({ groupName, group, scaling, instances }: ScalingProps): void {
    const policy = stepPolicy(this, 'ScaleIn', group, [
      { metricIntervalUpperBound: 0, scalingAdjustment: -1 },
    ]);
    const period = SCALE_IN_PERIOD_SECONDS;
    // Of the largest type: it may be the one that leaves.
    const egressOfOne = SAMPLES_PER_NODE * Math.max(...instances.map(({ safe }) => safe.egressBps));
    const packetsOfOne = SAMPLES_PER_NODE * Math.max(...instances.map(({ safe }) => safe.packetsPerSecond));
    // How many periods' growth happens until a node that is missed afterwards serves.
    const growthPeriods = Math.max(1, scaling.warmupSeconds / period);
    fleetAlarm(this, 'Idle', {
      name: `${groupName}-idle`,
      description:
        'Scaling: one node fewer would carry the load and its growth, so a node is emptied and removed. Runbook: scaling.',
      actions: [policy.ref],
      comparison: 'LessThanThreshold',
      threshold: scaling.scaleInUtilization,
      evaluationPeriods: Math.ceil((scaling.scaleInAfterMinutes * 60) / period),
      missingData: 'notBreaching',
      metric: [
        ...utilization(groupName, period),
        term('samples', poolMetric(groupName, 'SafeEgressBps', 'SampleCount', period)),
        term('inService', inServiceInstances(groupName, period)),
        expression('used', 'MAX([byEgress, byPackets])'),
        expression('growth', 'DIFF(used)'),
        expression(
          'lessEgress',
          `IF(safeEgress > ${egressOfOne}, safeEgress / (safeEgress - ${egressOfOne}), ${NEVER})`,
        ),
        expression(
          'lessPackets',
          `IF(safePackets > ${packetsOfOne}, safePackets / (safePackets - ${packetsOfOne}), ${NEVER})`,
        ),
        expression('loss', 'MAX([lessEgress, lessPackets])'),
        expression('ahead', `used + IF(growth > 0, growth, 0) * ${growthPeriods}`),
        // Apart from the product: an empty last node is 0 x NEVER.
        expression('withOneLess', `IF(loss < ${NEVER}, ahead * loss, ${NEVER})`),
        expression(
          'removable',
          // A missing term of a comparison counts as 0, and so would a group whose size is not known.
          `IF(samples >= FILL(inService, ${NEVER}) * ${SAMPLES_PER_NODE} - ${SAMPLES_PER_NODE / 2}, withOneLess, ${NEVER})`,
          { returnData: true },
        ),
      ],
    });
  }
}

/** The four sums, and `byEgress` and `byPackets` from them. */
export function utilization(groupName: string, periodSeconds: number) {
  return [
    term('egress', poolMetric(groupName, 'EgressBps', 'Sum', periodSeconds)),
    term('safeEgress', poolMetric(groupName, 'SafeEgressBps', 'Sum', periodSeconds)),
    term('packets', poolMetric(groupName, 'PacketsPerSecond', 'Sum', periodSeconds)),
    term('safePackets', poolMetric(groupName, 'SafePacketsPerSecond', 'Sum', periodSeconds)),
    expression('byEgress', 'egress / safeEgress'),
    expression('byPackets', 'packets / safePackets'),
  ];
}

export function inServiceInstances(groupName: string, periodSeconds: number): AlarmMetric {
  return {
    namespace: 'AWS/AutoScaling',
    name: 'GroupInServiceInstances',
    dimensions: { AutoScalingGroupName: groupName },
    statistic: 'Average',
    periodSeconds,
  };
}

function stepPolicy(
  scope: Construct,
  id: string,
  group: autoscaling.CfnAutoScalingGroup,
  stepAdjustments: autoscaling.CfnScalingPolicy.StepAdjustmentProperty[],
): autoscaling.CfnScalingPolicy {
  return new autoscaling.CfnScalingPolicy(scope, `${id}Policy`, {
    autoScalingGroupName: group.ref,
    policyType: 'StepScaling',
    adjustmentType: 'ChangeInCapacity',
    metricAggregationType: 'Average',
    stepAdjustments,
  });
}
