/**
 * The CloudWatch metrics of a fleet: what nodes publish, and what alarms, policies and the dashboard read. All carry
 * the one dimension {@link METRIC_DIMENSION}: CloudWatch does not add custom metrics up across dimensions.
 */
export const METRIC_NAMESPACE = 'MediasoupFleet';

export const METRIC_DIMENSION = 'AutoScalingGroupName';

/** How often a node publishes, seconds; the high-resolution alarms have periods of it. */
export const METRIC_PERIOD_SECONDS = 10;

/** What a node publishes once per period. A draining node leaves out what {@link CAPACITY_METRICS} lists. */
export const METRIC_NAMES = [
  'EgressBps',
  'SafeEgressBps',
  'PacketsPerSecond',
  'SafePacketsPerSecond',
  'Rooms',
  'Peers',
  'NoCapacity',
  'JoinsAccepted',
  'JoinsFailed',
  'Reconnects',
  'InServiceNodes',
  'DrainingNodes',
  'DrainRemainingPeers',
  'HeartbeatAgeMs',
  'EnaBwOutAllowanceExceeded',
  'EnaPpsAllowanceExceeded',
  'EnaConntrackAllowanceExceeded',
] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

/** Load and capacity of the pool: only of nodes that take new rooms. Their sample count tells how many report. */
export const CAPACITY_METRICS = [
  'EgressBps',
  'SafeEgressBps',
  'PacketsPerSecond',
  'SafePacketsPerSecond',
] as const satisfies readonly MetricName[];
