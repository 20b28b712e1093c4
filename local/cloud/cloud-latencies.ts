/** How long things take on AWS, by the cloud's clock, milliseconds. */
export interface CloudLatencies {
  /** From the launch until EC2 says `running`. */
  launchMs: number;
  /** From the launch of an instance until its node starts, from a baked image. */
  coldBootMs: number;
  /** From the start of a stopped instance of the warm pool until its node starts. */
  warmBootMs: number;
  /** Until a value that was put is seen by alarms. */
  metricDelayMs: number;
  /** Of an event until its target is called. */
  eventDelayMs: number;
  /** Before the first invocation of a function, and after it was idle for long. */
  functionColdStartMs: number;
}

/**
 * Boot: published measurements of a baked image are 26 s cold and 5 s warm until it serves; the node's own start is
 * real and comes on top. The others are typical of what is seen on AWS, which promises none of them.
 */
export const TYPICAL_LATENCIES: CloudLatencies = {
  launchMs: 8_000,
  coldBootMs: 25_000,
  warmBootMs: 4_000,
  metricDelayMs: 2_000,
  eventDelayMs: 500,
  functionColdStartMs: 300,
};
