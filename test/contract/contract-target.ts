import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { autoScalingService } from '../../local/cloud/autoscaling/auto-scaling-service';
import { AwsEndpoint } from '../../local/cloud/wire/aws-endpoint';
import { AutoScalingLab, LAUNCH_HOOK, TERMINATE_HOOK } from '../cloud/autoscaling/auto-scaling-lab';
import { emptyGroup } from './empty-group';

/**
 * Whom the contract suite talks to: the local cloud, or AWS itself.
 *
 * With `FLEET_CONTRACT_TARGET=aws` it uses the default credentials and region, and the disposable group that
 * `FLEET_CONTRACT_GROUP` names: one launch hook and one terminate hook that nobody else completes, a step scaling policy
 * and a scheduled action, minimum 0, maximum 4, one tag, no warm pool, `TerminateHookAbandon: retain`. The suite
 * changes its sizes and instances, and leaves it empty; run it with `--runInBand`.
 */
export interface ContractTarget {
  autoScaling: AutoScalingClient;
  groupName: string;
  /** Asks until the answer is not undefined; time passes meanwhile, the local cloud's or real time. */
  until<Answer>(what: string, ask: () => Promise<Answer | undefined>): Promise<Answer>;
  /** Leaves the group empty. */
  close(): Promise<void>;
}

const LONGEST_WAIT_SECONDS = 300;

export async function contractTarget(): Promise<ContractTarget> {
  const target = process.env['FLEET_CONTRACT_TARGET'] ?? 'local';
  if (target === 'aws') return awsTarget();
  if (target === 'local') return localTarget();
  throw new Error(`FLEET_CONTRACT_TARGET is ${target}: local or aws`);
}

function awsTarget(): ContractTarget {
  const groupName = process.env['FLEET_CONTRACT_GROUP'];
  if (!groupName) throw new Error('FLEET_CONTRACT_GROUP must name a disposable group');
  const autoScaling = new AutoScalingClient({});
  const until: ContractTarget['until'] = (what, ask) =>
    poll(what, ask, () => new Promise((resolve) => setTimeout(resolve, 1_000)));
  return {
    autoScaling,
    groupName,
    until,
    close: async () => {
      await until('an empty group', () => emptyGroup(autoScaling, groupName));
      autoScaling.destroy();
    },
  };
}

async function localTarget(): Promise<ContractTarget> {
  const lab = new AutoScalingLab();
  const groupName = 'contract';
  const group = lab.createGroup({
    name: groupName,
    minSize: 0,
    maxSize: 4,
    hooks: [LAUNCH_HOOK, TERMINATE_HOOK],
    terminateHookAbandon: 'retain',
    tags: [{ key: 'purpose', value: 'contract', propagateAtLaunch: true }],
  });
  lab.putPolicy({}, groupName);
  group.scheduledActions.put({
    arn: 'arn:aws:autoscaling:eu-central-1:123456789012:scheduledUpdateGroupAction:1',
    name: 'morning',
    minSize: 1,
    maxSize: undefined,
    desiredCapacity: undefined,
    recurrence: '0 8 * * *',
    timeZone: 'Europe/Berlin',
    startAtMs: undefined,
    endAtMs: undefined,
  });
  const unexpected: unknown[] = [];
  const endpoint = await AwsEndpoint.start({
    services: [autoScalingService(lab.model)],
    onUnexpected: (problem) => unexpected.push(problem),
  });
  const autoScaling = new AutoScalingClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const until: ContractTarget['until'] = (what, ask) => poll(what, ask, () => lab.clock.advance(1_000));
  return {
    autoScaling,
    groupName,
    until,
    close: async () => {
      await until('an empty group', () => emptyGroup(autoScaling, groupName));
      autoScaling.destroy();
      await endpoint.close();
      lab.model.close();
      if (unexpected.length > 0) throw new Error('the endpoint failed', { cause: unexpected });
    },
  };
}

async function poll<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined>,
  aSecond: () => Promise<void>,
): Promise<Answer> {
  for (let second = 0; second < LONGEST_WAIT_SECONDS; second += 1) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await aSecond();
  }
  throw new Error(`not within ${LONGEST_WAIT_SECONDS} s: ${what}`);
}
