import { z } from 'zod';
import type { Clock } from '../../../core/clock';
import type { GatewayAddress, GatewayTargets } from '../../fleet-runner/gateway-targets';
import type { CloudIdentity } from '../cloud-identity';
import type { MetricSink } from '../ports/metric-sink';
import type { ResourceType } from '../ports/resource-type';
import type { TargetGroups } from '../ports/target-groups';
import { hexOf } from '../hex-of';

const number = z.coerce.number();
const targetGroupSchema = z.object({
  HealthCheckIntervalSeconds: number.default(30),
  HealthCheckTimeoutSeconds: number.default(10),
  HealthyThresholdCount: number.default(5),
  UnhealthyThresholdCount: number.default(2),
});
const loadBalancerSchema = z.object({});
const listenerSchema = z.object({
  LoadBalancerArn: z.string(),
  DefaultActions: z.array(z.object({ TargetGroupArn: z.string() })),
});

export interface LoadBalancingOptions {
  clock: Clock;
  identity: CloudIdentity;
  metrics: MetricSink;
  /** Of the front port, which plays the load balancer. */
  targets: Pick<GatewayTargets, 'set' | 'remove' | 'configure' | 'healthyNodeIds'>;
  /** Cloud time over real time: checks are real requests. */
  speed: number;
  addressOf: (instanceId: string) => GatewayAddress | undefined;
}

/** How often CloudWatch hears of it, milliseconds. Source: ELB user guide, "CloudWatch metrics for your NLB". */
const METRIC_INTERVAL_MS = 60_000;

/** A check is one request on loopback: however fast the cloud runs, it may take so long, milliseconds. */
const SHORTEST_TIMEOUT_MS = 500;
const SHORTEST_INTERVAL_MS = 200;

/** Elastic Load Balancing: one network load balancer with one target group, in front of the gateways. */
export class LoadBalancing implements TargetGroups {
  private readonly registered = new Set<string>();
  private targetGroup: { arn: string; fullName: string } | undefined;
  private loadBalancerFullName: string | undefined;

  constructor(private readonly options: LoadBalancingOptions) {
    options.clock.setRepeating(METRIC_INTERVAL_MS, () => this.publish());
  }

  register(targetGroupArn: string, instanceId: string): void {
    if (targetGroupArn !== this.targetGroup?.arn || this.registered.has(instanceId)) return;
    const address = this.options.addressOf(instanceId);
    if (!address) return;
    this.registered.add(instanceId);
    this.options.targets.set(instanceId, address);
  }

  deregister(targetGroupArn: string, instanceId: string): void {
    if (targetGroupArn !== this.targetGroup?.arn || !this.registered.delete(instanceId)) return;
    this.options.targets.remove(instanceId);
  }

  resourceTypes(): ResourceType[] {
    return [this.targetGroupType(), this.loadBalancerType(), this.listenerType()];
  }

  private targetGroupType(): ResourceType<z.infer<typeof targetGroupSchema>> {
    const put: ResourceType<z.infer<typeof targetGroupSchema>>['create'] = ({
      stackName,
      logicalId,
      properties,
    }) => {
      const name = `${stackName}-gateways`.slice(0, 32);
      const fullName = `targetgroup/${name}/${hexOf(`${stackName} ${logicalId}`, 16)}`;
      const arn = this.arn(fullName);
      if (this.targetGroup && this.targetGroup.arn !== arn) {
        throw new Error(`${logicalId}: the local cloud plays one target group`);
      }
      this.targetGroup = { arn, fullName };
      this.check(properties);
      return { ref: arn, attributes: { TargetGroupArn: arn, TargetGroupFullName: fullName } };
    };
    return {
      type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      properties: targetGroupSchema,
      inert: [
        'VpcId',
        'Tags',
        // Instances are reached at the gateway's port, over TCP, and asked for /readyz: the one thing that is played.
        'Protocol',
        'Port',
        'TargetType',
        'HealthCheckProtocol',
        'HealthCheckPath',
        'HealthCheckPort',
        // The front port cuts no connection, whatever happens to its target: what these attributes ask for.
        'TargetGroupAttributes',
      ],
      create: put,
      update: put,
    };
  }

  private check(group: z.infer<typeof targetGroupSchema>): void {
    const { speed, targets } = this.options;
    targets.configure({
      probeIntervalMs: Math.max(SHORTEST_INTERVAL_MS, (group.HealthCheckIntervalSeconds * 1_000) / speed),
      probeTimeoutMs: Math.max(SHORTEST_TIMEOUT_MS, (group.HealthCheckTimeoutSeconds * 1_000) / speed),
      healthyAfter: group.HealthyThresholdCount,
      unhealthyAfter: group.UnhealthyThresholdCount,
    });
  }

  private loadBalancerType(): ResourceType<z.infer<typeof loadBalancerSchema>> {
    return {
      type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      properties: loadBalancerSchema,
      inert: [
        'Type',
        'Scheme',
        'IpAddressType',
        'Subnets',
        'SecurityGroups',
        'Tags',
        'LoadBalancerAttributes',
      ],
      create: ({ stackName, logicalId }) => {
        const hex = hexOf(`${stackName} ${logicalId}`, 16);
        this.loadBalancerFullName = `net/${stackName}/${hex}`;
        const arn = this.arn(`loadbalancer/${this.loadBalancerFullName}`);
        return {
          ref: arn,
          attributes: {
            LoadBalancerArn: arn,
            LoadBalancerFullName: this.loadBalancerFullName,
            LoadBalancerName: stackName,
            DNSName: 'localhost',
            CanonicalHostedZoneID: 'Z00000000000000000000',
          },
        };
      },
    };
  }

  private listenerType(): ResourceType<z.infer<typeof listenerSchema>> {
    return {
      type: 'AWS::ElasticLoadBalancingV2::Listener',
      properties: listenerSchema,
      // The front port never ends a connection for being idle; clients ping far more often than that.
      inert: ['ListenerAttributes', 'DefaultActions.Type'],
      create: ({ properties, logicalId }) => {
        if (properties.DefaultActions[0]?.TargetGroupArn !== this.targetGroup?.arn) {
          throw new Error(`${logicalId}: it must forward to the target group`);
        }
        const arn = `${properties.LoadBalancerArn.replace(':loadbalancer/', ':listener/')}/${hexOf(logicalId, 16)}`;
        return { ref: arn, attributes: { ListenerArn: arn } };
      },
    };
  }

  private publish(): void {
    const { targetGroup, loadBalancerFullName } = this;
    if (!targetGroup || loadBalancerFullName === undefined) return;
    const healthy = this.options.targets.healthyNodeIds().filter((id) => this.registered.has(id)).length;
    const values = { HealthyHostCount: healthy, UnHealthyHostCount: this.registered.size - healthy };
    const atMs = this.options.clock.nowMs();
    this.options.metrics.record(
      Object.entries(values).map(([name, value]) => ({
        namespace: 'AWS/NetworkELB',
        name,
        dimensions: { LoadBalancer: loadBalancerFullName, TargetGroup: targetGroup.fullName },
        value,
        atMs,
        unit: 'Count',
      })),
    );
  }

  private arn(rest: string): string {
    const { partition, region, account } = this.options.identity;
    return `arn:${partition}:elasticloadbalancing:${region}:${account}:${rest}`;
  }
}
