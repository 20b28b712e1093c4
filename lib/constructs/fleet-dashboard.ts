import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  MathExpression,
  Metric,
  SingleValueWidget,
  TextWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import {
  METRIC_DIMENSION,
  METRIC_NAMESPACE,
  METRIC_PERIOD_SECONDS,
  type MetricName,
} from '../../core/deployment/fleet-metrics';
import type { CaretakerMetric } from '../../core/drain/caretaker-metrics';
import type { NodeFleet } from './node-fleet';
import type { PlacementStore } from './placement-store';

export interface FleetDashboardProps {
  readonly name: string;
  readonly fleet: NodeFleet;
  readonly store: PlacementStore;
  /** Utilization at which nodes are added. */
  readonly scaleOutUtilization: number;
}

const PERIOD = Duration.minutes(1);
const WIDTH = 12;

/** What an operator opens first: how full is the fleet, is anybody turned away, who is leaving, and does AWS throttle. */
export class FleetDashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: FleetDashboardProps,
  ) {
    super(scope, id);
    const dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: props.name,
      defaultInterval: Duration.hours(3),
    });
    const { scaleOutUtilization } = props;
    dashboard.addWidgets(
      new TextWidget({
        markdown: `# ${props.fleet.groupName}\nRunbooks: docs/operations.md`,
        width: 24,
        height: 2,
      }),
    );
    dashboard.addWidgets(
      new SingleValueWidget({
        title: 'Now',
        width: 24,
        metrics: [
          this.utilization(),
          this.headroom(),
          this.gauge('Rooms'),
          this.gauge('Peers'),
          this.pool('NoCapacity', 'Sum'),
        ],
      }),
    );
    dashboard.addWidgets(
      graph('Utilization of the safe capacity', [this.utilization()], {
        leftYAxis: { min: 0, max: 1 },
        leftAnnotations: [{ value: scaleOutUtilization, label: 'nodes are added' }],
      }),
      graph('Egress: used, safe, headroom (bit/s)', [
        this.gauge('EgressBps'),
        this.gauge('SafeEgressBps'),
        this.headroom(),
      ]),
    );
    dashboard.addWidgets(
      graph('Rooms and peers', [this.gauge('Rooms'), this.gauge('Peers')]),
      graph('Nodes', [
        this.group('GroupDesiredCapacity'),
        this.group('GroupInServiceInstances'),
        this.group('GroupPendingInstances'),
      ]),
    );
    dashboard.addWidgets(
      graph('Joins', [
        this.pool('JoinsAccepted', 'Sum'),
        this.pool('JoinsFailed', 'Sum'),
        this.pool('NoCapacity', 'Sum'),
      ]),
      graph('Resumed sessions, age of heartbeats (ms)', [this.pool('Reconnects', 'Sum')], {
        right: [this.pool('HeartbeatAgeMs', 'Maximum')],
      }),
    );
    dashboard.addWidgets(
      graph(
        'Draining: nodes waiting to end, peers still there',
        [
          this.group('GroupTerminatingInstances'),
          this.pool('RetainedInstances', 'Maximum'),
          this.pool('DrainsFailed', 'Sum'),
        ],
        {
          right: [this.gauge('DrainRemainingPeers')],
        },
      ),
      graph('AWS throttles (packets)', [
        this.pool('EnaBwOutAllowanceExceeded', 'Sum'),
        this.pool('EnaPpsAllowanceExceeded', 'Sum'),
        this.pool('EnaConntrackAllowanceExceeded', 'Sum'),
      ]),
    );
    dashboard.addWidgets(
      graph(
        'Placement store: CPU, memory (%)',
        this.store('EngineCPUUtilization', 'DatabaseMemoryUsagePercentage'),
      ),
      graph(
        'Load balancer',
        [this.balancer('ActiveFlowCount_TLS', 'Average'), this.balancer('NewFlowCount_TLS', 'Sum')],
        {
          right: [
            this.balancer('HealthyHostCount', 'Minimum'),
            this.balancer('UnHealthyHostCount', 'Maximum'),
          ],
        },
      ),
    );
  }

  private pool(name: MetricName | CaretakerMetric, statistic: 'Sum' | 'Maximum'): Metric {
    return new Metric({
      namespace: METRIC_NAMESPACE,
      metricName: name,
      dimensionsMap: { [METRIC_DIMENSION]: this.props.fleet.groupName },
      statistic,
      period: PERIOD,
    });
  }

  /** A gauge that every node reports once per period, summed over the nodes. */
  private gauge(name: MetricName): IMetric {
    // Unique in a graph.
    const id = `m${name}`;
    return new MathExpression({
      expression: `${id} / ${60 / METRIC_PERIOD_SECONDS}`,
      usingMetrics: { [id]: this.pool(name, 'Sum') },
      label: name,
      period: PERIOD,
    });
  }

  private utilization(): IMetric {
    return new MathExpression({
      expression: 'MAX([e / se, p / sp])',
      usingMetrics: {
        e: this.pool('EgressBps', 'Sum'),
        se: this.pool('SafeEgressBps', 'Sum'),
        p: this.pool('PacketsPerSecond', 'Sum'),
        sp: this.pool('SafePacketsPerSecond', 'Sum'),
      },
      label: 'Utilization',
      period: PERIOD,
    });
  }

  /** What the nodes that take new rooms could send beside what they send. */
  private headroom(): IMetric {
    return new MathExpression({
      expression: `(hs - he) / ${60 / METRIC_PERIOD_SECONDS}`,
      usingMetrics: { he: this.pool('EgressBps', 'Sum'), hs: this.pool('SafeEgressBps', 'Sum') },
      label: 'HeadroomBps',
      period: PERIOD,
    });
  }

  private group(metricName: string): Metric {
    return new Metric({
      namespace: 'AWS/AutoScaling',
      metricName,
      dimensionsMap: { AutoScalingGroupName: this.props.fleet.groupName },
      statistic: 'Average',
      period: PERIOD,
    });
  }

  private store(...names: string[]): Metric[] {
    return this.props.store.memberIds.flatMap((CacheClusterId, index) =>
      names.map(
        (metricName) =>
          new Metric({
            namespace: 'AWS/ElastiCache',
            metricName,
            dimensionsMap: { CacheClusterId },
            statistic: 'Maximum',
            label: `${metricName} ${index + 1}`,
            period: PERIOD,
          }),
      ),
    );
  }

  private balancer(metricName: string, statistic: string): Metric {
    const { loadBalancer } = this.props.fleet;
    const perTarget = metricName.endsWith('HostCount');
    return new Metric({
      namespace: 'AWS/NetworkELB',
      metricName,
      dimensionsMap: {
        LoadBalancer: loadBalancer.fullName,
        ...(perTarget && { TargetGroup: loadBalancer.targetGroup.attrTargetGroupFullName }),
      },
      statistic,
      period: PERIOD,
    });
  }
}

function graph(
  title: string,
  left: IMetric[],
  more: Partial<ConstructorParameters<typeof GraphWidget>[0]> = {},
): GraphWidget {
  return new GraphWidget({ title, left, width: WIDTH, height: 6, ...more });
}
