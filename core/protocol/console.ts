import { z } from 'zod';
import { DRAIN_REASONS } from '../drain/drain-command';
import { NODE_STATES } from '../node-state';
import { CONSOLE_CONTROL_NAMES } from './console-controls';

/**
 * What the console shows. Times are milliseconds since 1970 by the fleet's clock, which in a local cloud may run faster
 * than real time.
 */

/** Rooms in one state; `rooms.total` says how many there are. */
export const MAX_CONSOLE_ROOMS = 200;
/** Scaling activities in one state, newest first. */
export const MAX_CONSOLE_ACTIVITIES = 50;
/** Points of an alarm's series, oldest first. */
export const MAX_ALARM_POINTS = 180;

const time = z.number();
const bps = z.number();
const count = z.number().int().nonnegative();
const id = z.string().min(1).max(256);
const text = z.string().max(2_000);

const consoleDrainSchema = z.object({
  reason: z.enum(DRAIN_REASONS),
  deadlineAtMs: time,
  /** Until it is empty, as the planner expects. Absent when nobody can know. */
  etaMs: z.number().nonnegative().optional(),
  remainingRooms: count,
  remainingPeers: count,
  /** The deadline has passed with rooms or peers left. */
  failed: z.boolean(),
});

const consoleInstanceSchema = z.object({
  instanceId: id,
  /** As Auto Scaling has it, e.g. `Pending:Wait`, `InService`, `Terminating:Wait`. */
  lifecycleState: text,
  /** E.g. `c7gn.large`. */
  type: text,
  zone: text,
  market: z.enum(['on-demand', 'spot']),
});

const consoleNodeSchema = z.object({
  /** Of an instance without a node: the instance's id. */
  nodeId: id,
  /** Absent while the instance has no node that speaks: it boots, or the node is gone. */
  state: z.enum(NODE_STATES).optional(),
  /** Since when it is in this state, or of this lifecycle state without one. Absent when nobody knows. */
  sinceMs: time.optional(),
  /** Why an operator cordoned it, in their words. */
  cordonReason: text.optional(),
  /** Only where Auto Scaling's own view can be read. */
  instance: consoleInstanceSchema.optional(),
  /** The lease holds: the node is heard. */
  alive: z.boolean(),
  /** It takes new work. */
  ready: z.boolean(),
  release: text.optional(),
  /** Measured. */
  egressBps: bps,
  /** Reserved by placements. */
  committedEgressBps: bps,
  /** What it can safely send. */
  safeEgressBps: bps,
  packetsPerSecond: z.number(),
  committedPacketsPerSecond: z.number(),
  safePacketsPerSecond: z.number(),
  rooms: count,
  peers: count,
  drain: consoleDrainSchema.optional(),
});

const consoleRoomSchema = z.object({
  roomId: id,
  /** Its home first. */
  nodeIds: z.array(id),
  peers: count,
  /** Measured, else reserved. */
  egressBps: bps.optional(),
});

const consolePoolSchema = z.object({
  /** Of nodes that take new rooms, as the scaling alarms see it. */
  egressBps: bps,
  safeEgressBps: bps,
  /** Share of the safe capacity, of egress or of packets, whichever is higher. 0 without capacity. */
  utilization: z.number().nonnegative(),
  /** What placements may still reserve. */
  headroomBps: bps,
  /** Share above which the fleet grows, below which it shrinks. Absent where the policy can't be read. */
  scaleOutUtilization: z.number().optional(),
  scaleInUtilization: z.number().optional(),
  /** Of the Auto Scaling group. */
  desired: count.optional(),
  inService: count.optional(),
  min: count.optional(),
  max: count.optional(),
});

const alarmState = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

const consoleAlarmSchema = z.object({
  name: id,
  state: alarmState,
  sinceMs: time,
  threshold: z.number(),
  /** In CloudWatch's terms. */
  comparison: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  /** The newest value; absent when there is none. */
  value: z.number().optional(),
  /** When, and the value or null without data. */
  series: z.array(z.tuple([time, z.number().nullable()])).max(MAX_ALARM_POINTS),
  /** Its changes, newest first. */
  history: z.array(z.object({ atMs: time, state: alarmState })).max(20),
  description: text,
  /** What it does in ALARM, e.g. the name of the policy. */
  actions: z.array(text),
});

const consoleActivitySchema = z.object({
  id,
  /** Auto Scaling's status code, e.g. `InProgress`, `WaitingForInstanceWarmup`, `Successful`, `Failed`. */
  status: text,
  description: text,
  cause: text,
  startedAtMs: time,
  endedAtMs: time.optional(),
  /** Percent. */
  progress: z.number().min(0).max(100).optional(),
});

export const consoleStateSchema = z.object({
  /** `local`: a fleet on this machine, which may be played with. */
  mode: z.enum(['local', 'fleet']),
  region: text.optional(),
  /** The newest one. */
  release: text.optional(),
  nowMs: time,
  /** How much faster than real time it runs. @default 1 */
  speed: z.number().positive().optional(),
  nodes: z.array(consoleNodeSchema),
  rooms: z.object({ list: z.array(consoleRoomSchema).max(MAX_CONSOLE_ROOMS), total: count }),
  pool: consolePoolSchema,
  /** Absent where CloudWatch can't be read from here. */
  alarms: z.array(consoleAlarmSchema).optional(),
  /** Newest first. Absent where Auto Scaling can't be read from here. */
  activities: z.array(consoleActivitySchema).max(MAX_CONSOLE_ACTIVITIES).optional(),
  /** Of the load that the console itself added. */
  load: z.object({ rooms: count, peers: count }).optional(),
  /** Whether the nodes can reach their Redis. */
  redis: z.enum(['reachable', 'cut']).optional(),
  /** Which controls work here. @default none */
  controls: z.array(z.enum(CONSOLE_CONTROL_NAMES)).optional(),
});

export type ConsoleState = z.infer<typeof consoleStateSchema>;
export type ConsoleNode = z.infer<typeof consoleNodeSchema>;
export type ConsoleRoom = z.infer<typeof consoleRoomSchema>;
export type ConsolePool = z.infer<typeof consolePoolSchema>;
export type ConsoleAlarm = z.infer<typeof consoleAlarmSchema>;
export type ConsoleActivity = z.infer<typeof consoleActivitySchema>;

/** Something that happened, in words. */
export const consoleEventSchema = z.object({
  /** Counts up; unique within one run. */
  sequence: z.number().int().positive(),
  atMs: time,
  /** E.g. `alarm`, `activity`. */
  kind: id,
  tone: z.enum(['neutral', 'good', 'warning', 'bad']),
  text,
});

export type ConsoleEvent = z.infer<typeof consoleEventSchema>;

/** The pool at one moment. */
export interface PoolSample {
  atMs: number;
  utilization: number;
  desired?: number | undefined;
  inService?: number | undefined;
}

/** What the events of the console's stream carry, by event name. */
export interface ConsoleStreamEvents {
  /** First: which run this is, and how the pool did until now, oldest first. */
  hello: { runId: string; history: PoolSample[] };
  /** Each second. */
  state: ConsoleState;
  /** Its event id is what a broken stream is resumed with. */
  entry: ConsoleEvent;
  /** The state can't be read right now; why. */
  trouble: { message: string };
}
