import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRIC_PERIOD_SECONDS } from '../../core/deployment/fleet-metrics';
import { expression, fleetAlarm, poolMetric, term, type FleetAlarmProps } from './alarm';
import type { LoadBalancer } from './load-balancer';
import { inServiceInstances } from './scaling';

export interface FleetAlarmsProps {
  readonly groupName: string;
  readonly max: number;
  readonly loadBalancer: LoadBalancer;
  readonly topicArn: string;
}

const MINUTE = 60;

/** What should wake somebody. Each name is a runbook in docs/operations.md. */
export class FleetAlarms extends Construct {
  /** Those that fail a release, with their names. */
  readonly release: { name: string; alarm: cloudwatch.CfnAlarm }[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FleetAlarmsProps,
  ) {
    super(scope, id);
    this.forRelease(this.joinsFailing(), this.heartbeatsLate(), this.gatewaysUnready());
    this.silentNodes();
    this.noCapacity();
    this.atMaximum();
    this.failedDrains();
    for (const allowance of ['Bw', 'Pps', 'Conntrack'] as const) this.throttled(allowance);
  }

  private forRelease(...alarms: { name: string; alarm: cloudwatch.CfnAlarm }[]): void {
    this.release.push(...alarms);
  }

  private alarm(name: string, props: Omit<FleetAlarmProps, 'name' | 'actions'>) {
    const fullName = `${this.props.groupName}-${name}`;
    const alarm = fleetAlarm(this, name, { ...props, name: fullName, actions: [this.props.topicArn] });
    return { name: fullName, alarm };
  }

  private joinsFailing() {
    const { groupName } = this.props;
    return this.alarm('joins-failing', {
      description: 'More than a tenth of the joins fail, not for lack of capacity. Runbook: joins-failing.',
      comparison: 'GreaterThanThreshold',
      threshold: 0.1,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      // Nobody joins at night.
      missingData: 'notBreaching',
      metric: [
        term('failed', poolMetric(groupName, 'JoinsFailed', 'Sum', MINUTE)),
        term('accepted', poolMetric(groupName, 'JoinsAccepted', 'Sum', MINUTE)),
        // A single failed join of two is no sign of anything.
        expression('share', 'IF(failed + accepted >= 10, failed / (failed + accepted), 0)', {
          returnData: true,
        }),
      ],
    });
  }

  private heartbeatsLate() {
    return this.alarm('heartbeats-late', {
      description: 'A node can not reach the placement store, or hangs. Runbook: heartbeats-late.',
      comparison: 'GreaterThanThreshold',
      threshold: 10_000,
      evaluationPeriods: 3,
      missingData: 'notBreaching',
      metric: poolMetric(this.props.groupName, 'HeartbeatAgeMs', 'Maximum', MINUTE),
    });
  }

  private gatewaysUnready() {
    const { loadBalancer } = this.props;
    return this.alarm('gateways-unready', {
      description:
        'A node in service is not ready: its gateway gets no new connections. Runbook: gateways-unready.',
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      evaluationPeriods: 5,
      missingData: 'notBreaching',
      metric: {
        namespace: 'AWS/NetworkELB',
        name: 'UnHealthyHostCount',
        dimensions: {
          LoadBalancer: loadBalancer.fullName,
          TargetGroup: loadBalancer.targetGroup.attrTargetGroupFullName,
        },
        statistic: 'Maximum',
        periodSeconds: MINUTE,
      },
    });
  }

  private silentNodes() {
    const { groupName } = this.props;
    const perNode = MINUTE / METRIC_PERIOD_SECONDS;
    this.alarm('silent-nodes', {
      description: 'Nodes in service report nothing; nobody is removed meanwhile. Runbook: silent-nodes.',
      comparison: 'GreaterThanThreshold',
      threshold: perNode / 2,
      evaluationPeriods: 5,
      // Group and nodes both silent is the worst of it.
      missingData: 'breaching',
      metric: [
        term('samples', poolMetric(groupName, 'InServiceNodes', 'SampleCount', MINUTE)),
        term('inService', inServiceInstances(groupName, MINUTE)),
        expression('missing', `inService * ${perNode} - FILL(samples, 0)`, { returnData: true }),
      ],
    });
  }

  private noCapacity() {
    this.alarm('turning-away', {
      description: 'Joins find no capacity for minutes: scaling does not keep up. Runbook: turning-away.',
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      evaluationPeriods: 5,
      missingData: 'notBreaching',
      metric: poolMetric(this.props.groupName, 'NoCapacity', 'Sum', MINUTE),
    });
  }

  private atMaximum() {
    this.alarm('at-maximum', {
      description:
        'The group wants as many nodes as it may have: it can not grow further. Runbook: at-maximum.',
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: this.props.max,
      evaluationPeriods: 10,
      missingData: 'notBreaching',
      metric: {
        ...inServiceInstances(this.props.groupName, MINUTE),
        name: 'GroupDesiredCapacity',
        statistic: 'Maximum',
      },
    });
  }

  private failedDrains() {
    const { groupName } = this.props;
    const common = {
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      // Only counted when it happens.
      missingData: 'notBreaching',
    } as const;
    this.alarm('drain-failed', {
      ...common,
      description: 'A drain ended with live peers: the instance is kept for them. Runbook: drain-failed.',
      evaluationPeriods: 1,
      metric: poolMetric(groupName, 'DrainsFailed', 'Sum', MINUTE),
    });
    this.alarm('instances-retained', {
      ...common,
      description:
        'An instance outside of the group is kept, and paid, for its calls. Runbook: drain-failed.',
      evaluationPeriods: 60,
      metric: poolMetric(groupName, 'RetainedInstances', 'Maximum', MINUTE),
    });
    this.alarm('store-unavailable', {
      ...common,
      description:
        'The Lambdas can not reach the placement store: no drain proceeds. Runbook: store-unavailable.',
      evaluationPeriods: 5,
      metric: poolMetric(groupName, 'StoreUnavailable', 'Sum', MINUTE),
    });
  }

  private throttled(allowance: 'Bw' | 'Pps' | 'Conntrack') {
    const names = {
      Bw: 'EnaBwOutAllowanceExceeded',
      Pps: 'EnaPpsAllowanceExceeded',
      Conntrack: 'EnaConntrackAllowanceExceeded',
    } as const;
    this.alarm(`throttled-${allowance.toLowerCase()}`, {
      description:
        'AWS drops packets of an instance beyond its allowance: media suffers. Runbook: throttled.',
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      missingData: 'notBreaching',
      metric: poolMetric(this.props.groupName, names[allowance], 'Sum', MINUTE),
    });
  }
}
