/** A node of the running fleet. */
export interface RunnerNode {
  nodeId: string;
  /** The node's own address, past the front port. */
  httpUrl: string;
  pid: number;
}

export interface FleetStatus {
  /** Nodes that are alive and take work. */
  nodesReady: number;
  /** Nodes that this run has. */
  nodesTotal: number;
  rooms: number;
  peers: number;
  /** Outbound media as measured, bits per second. */
  egressBps: number;
  /** What placements have reserved, bits per second. */
  committedEgressBps: number;
  /** What the nodes can safely send together, bits per second. */
  capacityEgressBps: number;
}

/** What happens in a run, in the words in which `--json` prints it. */
export type RunnerEvent =
  | { event: 'starting'; runFolder: string; logFolder: string }
  /** Something that people should know before they use it. */
  | { event: 'warning'; message: string }
  /** Only when something is not built yet. */
  | { event: 'building' }
  | {
      event: 'ready';
      /** The fleet's one address. */
      url: string;
      /** What to open in a browser. With `auth: token` it has a token in it, for every room of this run, for 12 h. */
      link: string;
      /** The operator's live view, with controls. */
      console: string;
      nodes: RunnerNode[];
      /** As `FLEET_REDIS_URL` takes it; the password is in the deployment's secret. */
      redis: string;
      redisPrefix: string;
      /** `AWS_ENDPOINT_URL` for SDK clients and the AWS CLI. */
      awsEndpoint: string;
      /** How many times as fast as real time AWS' part runs. */
      speed: number;
      /** Properties of the templates that do something on AWS and nothing here. */
      notSimulated: string[];
      logFolder: string;
      auth: 'open' | 'token';
      /** With `auth: token`: what `fleet token --key-file` takes. */
      keyFiles?: { peers: string; operators: string };
      /** From the call to now, milliseconds. */
      tookMs: number;
    }
  | ({ event: 'status' } & FleetStatus)
  | { event: 'node-warning'; nodeId: string; level: 'warn' | 'error'; message: string }
  | {
      event: 'node-died';
      nodeId: string;
      reason: string;
      /** Absent when it is not restarted. */ restartInMs?: number;
    }
  | { event: 'node-restarted'; node: RunnerNode }
  /** A new instance's node is up. */
  | { event: 'node-started'; node: RunnerNode }
  /** The instance has ended. */
  | { event: 'node-left'; nodeId: string }
  /** A drain failed with live peers: the instance is kept for them, outside of the group. */
  | { event: 'instance-retained'; nodeId: string; reason: string }
  | { event: 'alarm'; name: string; state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'; reason: string }
  | { event: 'desired-capacity'; from: number; to: number; cause: string }
  | { event: 'redis-died'; reason: string }
  | { event: 'redis-restarted' }
  | { event: 'stopping'; reason: string }
  | { event: 'stopped'; tookMs: number }
  | { event: 'error'; message: string };

/** Where a run's events go. */
export interface RunnerOutput {
  emit(event: RunnerEvent): void;
}
