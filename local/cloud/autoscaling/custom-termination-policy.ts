import { z } from 'zod';
import type { Clock } from '../../../core/clock';
import type { InvocationResult } from '../ports/function-runtime';
import type { AutoScalingOptions } from './auto-scaling-options';
import type { TerminationSuggestion } from './choose-terminations';

export type TerminationCause = 'SCALE_IN' | 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE';

/**
 * Longest run time of the function, of real time as its own timeout is. Source: user guide, "Create a custom termination
 * policy", limitations.
 */
const ANSWER_WITHIN_MS = 2_000;

export interface CustomTerminationQuestion {
  functionArn: string;
  groupArn: string;
  groupName: string;
  suggestion: TerminationSuggestion;
  cause: TerminationCause;
}

/** The ids that are ready to terminate, or why there are none. */
export type CustomTerminationAnswer = { instanceIds: string[] } | { failure: string };

const answerSchema = z.object({ InstanceIDs: z.array(z.string()).default([]) });

/** Asks a group's function whom to terminate. Never rejects. */
export async function askTerminationPolicy(
  question: CustomTerminationQuestion,
  { clock, realClock = clock, functions }: Pick<AutoScalingOptions, 'clock' | 'realClock' | 'functions'>,
): Promise<CustomTerminationAnswer> {
  const { functionArn, suggestion } = question;
  const result = await withinTime(realClock, functions.invoke(functionArn, payloadOf(question, suggestion)));
  if (!result) return { failure: `the function did not answer within ${ANSWER_WITHIN_MS / 1_000} seconds` };
  if (!result.ok) return { failure: `the function failed: ${result.error}: ${result.message}` };
  const answer = answerSchema.safeParse(result.payload);
  if (!answer.success) return { failure: 'the answer of the function has no list InstanceIDs' };
  const instanceIds = [...new Set(answer.data.InstanceIDs)];
  return instanceIds.length > 0 ? { instanceIds } : { failure: 'the function returned no instances' };
}

/** Source: user guide, "Create a custom termination policy with Lambda", input data. */
function payloadOf(
  { groupArn, groupName, cause }: CustomTerminationQuestion,
  { capacity, instances }: TerminationSuggestion,
) {
  return {
    AutoScalingGroupARN: groupArn,
    AutoScalingGroupName: groupName,
    CapacityToTerminate: capacity.map((entry) => ({
      AvailabilityZone: entry.availabilityZone,
      Capacity: entry.capacity,
      InstanceMarketOption: entry.market,
    })),
    Instances: instances.map(({ availabilityZone, instanceId, instanceType, market }) => ({
      AvailabilityZone: availabilityZone,
      InstanceId: instanceId,
      InstanceType: instanceType,
      InstanceMarketOption: market,
    })),
    Cause: cause,
  };
}

function withinTime(
  clock: Clock,
  invocation: Promise<InvocationResult>,
): Promise<InvocationResult | undefined> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ANSWER_WITHIN_MS, () => resolve(undefined));
    void invocation.then((result) => {
      timer.cancel();
      resolve(result);
    });
  });
}
