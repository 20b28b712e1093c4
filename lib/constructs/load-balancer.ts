import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { acknowledge } from '../acknowledge';
import type { FleetNetwork } from './fleet-network';

export interface LoadBalancerProps {
  readonly network: FleetNetwork;
  /** The name that browsers connect to. */
  readonly domainName: string;
  /** Zone for the records and the certificate's validation. @default no records are made */
  readonly hostedZoneId?: string;
  /** An existing certificate of this region. @default one is made, validated in the zone */
  readonly certificateArn?: string;
  /** Region of the records, e.g. eu-central-1. */
  readonly region: string;
  /** The longest that a leaving node may take, minutes. */
  readonly longestDrainMinutes: number;
}

/** A client that says nothing for this long is gone; protoo pings far more often. Seconds, at most 6000. */
const IDLE_TIMEOUT_SECONDS = 6_000;

/** At most 3600. Source: ELB API reference, deregistration_delay.timeout_seconds. */
const DEREGISTRATION_DELAY_SECONDS = 3_600;

/** At most 360,000. Source: ELB API reference, target_health_state.unhealthy.draining_interval_seconds. */
const LONGEST_UNHEALTHY_DRAINING_SECONDS = 360_000;

/** TLS for signalling, from the internet to the gateway of any node. Media never passes it. */
export class LoadBalancer extends Construct {
  readonly balancer: elb.NetworkLoadBalancer;
  readonly securityGroup: ec2.SecurityGroup;
  readonly targetGroup: elb.CfnTargetGroup;
  /** What browsers connect to. */
  readonly url: string;
  /** This region's own name, for the other regions. @default none without a hosted zone */
  readonly regionUrl: string | undefined;

  constructor(scope: Construct, id: string, props: LoadBalancerProps) {
    super(scope, id);
    const { vpc, publicSubnets, isDualStack } = props.network;
    // The CDK's own group of a network load balancer lets nothing in and nothing out.
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Load balancer: HTTPS from everywhere, to the gateways only',
      allowAllOutbound: false,
    });
    for (const peer of [ec2.Peer.anyIpv4(), ec2.Peer.anyIpv6()]) {
      this.securityGroup.addIngressRule(peer, ec2.Port.tcp(NETWORK_PORTS.public), 'Signalling');
    }
    acknowledge(this.securityGroup, 'AwsSolutions-EC23', 'Browsers connect from everywhere.');
    this.balancer = new elb.NetworkLoadBalancer(this, 'Balancer', {
      vpc,
      vpcSubnets: publicSubnets,
      internetFacing: true,
      ipAddressType: isDualStack ? elb.IpAddressType.DUAL_STACK : elb.IpAddressType.IPV4,
      crossZoneEnabled: true,
      securityGroups: [this.securityGroup],
    });
    acknowledge(
      this.balancer,
      'cdk-validator-cfnguard::elbv2_deletion_protection_enabled_check',
      'The stack has termination protection; a second lock would make its tear-down fail halfway.',
    );
    const logging = ['AwsSolutions-ELB2', 'cdk-validator-cfnguard::elbv2_logging_enabled_check'];
    for (const rule of logging)
      acknowledge(
        this.balancer,
        rule,
        'Each gateway logs its connections with ids; access logs would add addresses of people, and a bucket to guard.',
      );
    this.targetGroup = this.gateways(props);
    const certificateArn = props.certificateArn ?? this.certificate(props);
    new elb.CfnListener(this, 'Listener', {
      loadBalancerArn: this.balancer.loadBalancerArn,
      port: NETWORK_PORTS.public,
      protocol: 'TLS',
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
      certificates: [{ certificateArn }],
      defaultActions: [{ type: 'forward', targetGroupArn: this.targetGroup.ref }],
      listenerAttributes: [{ key: 'tcp.idle_timeout.seconds', value: String(IDLE_TIMEOUT_SECONDS) }],
    });
    this.url = `https://${props.domainName}`;
    this.regionUrl = this.records(props);
  }

  private gateways(props: LoadBalancerProps): elb.CfnTargetGroup {
    const drainingSeconds = Math.min(LONGEST_UNHEALTHY_DRAINING_SECONDS, props.longestDrainMinutes * 60);
    const attributes: Record<string, string> = {
      'deregistration_delay.timeout_seconds': String(DEREGISTRATION_DELAY_SECONDS),
      'deregistration_delay.connection_termination.enabled': 'false',
      // By default a target that fails its health check loses its live connections.
      'target_health_state.unhealthy.connection_termination.enabled': 'false',
      'target_health_state.unhealthy.draining_interval_seconds': String(drainingSeconds),
    };
    return new elb.CfnTargetGroup(this, 'Gateways', {
      vpcId: props.network.vpc.vpcId,
      protocol: 'TCP',
      port: NETWORK_PORTS.http,
      targetType: 'instance',
      healthCheckProtocol: 'HTTP',
      healthCheckPath: '/readyz',
      healthCheckPort: 'traffic-port',
      healthCheckIntervalSeconds: 10,
      healthCheckTimeoutSeconds: 5,
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 2,
      targetGroupAttributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
    });
  }

  private certificate(props: LoadBalancerProps): string {
    const { domainName, hostedZoneId } = props;
    const names = [domainName, regionName(props)];
    return new acm.CfnCertificate(this, 'Certificate', {
      domainName,
      subjectAlternativeNames: [regionName(props)],
      validationMethod: 'DNS',
      domainValidationOptions: names.map((name) => ({ domainName: name, hostedZoneId })),
    }).ref;
  }

  /** One set of latency records, whatever the number of regions: a second region then replaces nothing. */
  private records(props: LoadBalancerProps): string | undefined {
    const { hostedZoneId, region } = props;
    if (hostedZoneId === undefined) return undefined;
    const aliasTarget = {
      dnsName: this.balancer.loadBalancerDnsName,
      hostedZoneId: this.balancer.loadBalancerCanonicalHostedZoneId,
      evaluateTargetHealth: true,
    };
    for (const type of props.network.isDualStack ? ['A', 'AAAA'] : ['A']) {
      new route53.CfnRecordSet(this, `Latency${type}`, {
        hostedZoneId,
        name: props.domainName,
        type,
        region,
        setIdentifier: region,
        aliasTarget,
      });
      new route53.CfnRecordSet(this, `Region${type}`, {
        hostedZoneId,
        name: regionName(props),
        type,
        aliasTarget,
      });
    }
    return regionUrl(props);
  }

  /** For metrics, as CloudWatch names it: `net/…`. */
  get fullName(): string {
    return this.balancer.loadBalancerFullName;
  }
}

/** Where the other regions reach a region: the listener that browsers connect to, by the region's own name. */
export function regionUrl(of: { region: string; domainName: string }): string {
  return `https://${regionName(of)}`;
}

function regionName({ region, domainName }: { region: string; domainName: string }): string {
  return `${region}.${domainName}`;
}
