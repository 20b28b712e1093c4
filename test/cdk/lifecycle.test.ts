import type { Template } from 'aws-cdk-lib/assertions';
import { onlyResource, resourcesOf, synthesizeFleet } from '../helpers/synthesize-fleet';
import { SDK_CALLS } from '../lambdas/sdk-calls';

const template = synthesizeFleet().template('fleet');
const spot = synthesizeFleet({ config: { nodes: { spot: {} } } }).template('fleet');

type Caretaker = keyof typeof SDK_CALLS;
const CONSTRUCTS: Record<Caretaker, string> = {
  'lifecycle-drain': 'LifecycleDrain',
  'termination-policy': 'LifecycleTerminationPolicy',
  'suspend-processes': 'LifecycleSuspend',
};

function rules(of: Template): Record<string, unknown>[] {
  return Object.values(resourcesOf(of, 'AWS::Events::Rule')).map(({ Properties }) => Properties);
}

function functionOf(name: Caretaker): Record<string, unknown> {
  const found = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).find(([id]) =>
    id.includes(`${CONSTRUCTS[name]}Function`),
  );
  if (!found) throw new Error(`there is no function ${name}`);
  return found[1].Properties;
}

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Effect: string;
}

/** What a function's role allows, but for its log. */
function statements(name: Caretaker): Statement[] {
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) =>
    id.includes(CONSTRUCTS[name]),
  );
  const all = policies.flatMap(
    ([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement,
  );
  const own = ({ Action }: Statement) => ![Action].flat().some((action) => /^(logs|sqs):/.test(action));
  return all.filter(own);
}

describe('events', () => {
  const terminate = rules(template).filter(({ EventPattern }) =>
    JSON.stringify(EventPattern ?? '').includes('terminate'),
  );

  test('leaving nodes of our group and hook are drained; warm ones are told apart', () => {
    expect(terminate.map(({ EventPattern }) => (EventPattern as { detail: object }).detail)).toEqual(
      expect.arrayContaining(
        ['AutoScalingGroup', 'WarmPool'].map((origin) => ({
          AutoScalingGroupName: ['fleet-nodes'],
          LifecycleHookName: ['fleet-drain'],
          Origin: [origin],
          Destination: ['EC2', 'WarmPool'],
        })),
      ),
    );
  });

  test('the hook that events name is the hook of the group', () => {
    const group = onlyResource(template, 'AWS::AutoScaling::AutoScalingGroup').Properties;
    expect(group['AutoScalingGroupName']).toBe('fleet-nodes');
    expect(JSON.stringify(group['LifecycleHookSpecificationList'])).toContain(
      '"LifecycleHookName":"fleet-drain"',
    );
    expect(functionOf('lifecycle-drain')['Environment']).toMatchObject({
      Variables: {
        FLEET_ASG_NAME: 'fleet-nodes',
        FLEET_HOOK_NAME: 'fleet-drain',
        FLEET_DRAIN_SCALE_IN_MINUTES: '30',
      },
    });
  });

  test('a lost event loses nothing: a sweep runs every minute', () => {
    expect(rules(template)).toContainEqual(expect.objectContaining({ ScheduleExpression: 'rate(1 minute)' }));
  });

  test('spot interruptions and rebalance recommendations are heard with spot instances only', () => {
    const text = (of: Template) => JSON.stringify(rules(of));
    expect(text(template)).not.toContain('Spot');
    expect(text(spot)).toContain('EC2 Spot Instance Interruption Warning');
    expect(text(spot)).toContain('EC2 Instance Rebalance Recommendation');
  });

  test('what can not be delivered is kept, and alarms', () => {
    for (const { Targets } of rules(spot)) {
      expect(Targets).toEqual([
        expect.objectContaining({
          DeadLetterConfig: expect.anything() as unknown,
          RetryPolicy: expect.anything() as unknown,
        }),
      ]);
    }
    expect(functionOf('lifecycle-drain')['DeadLetterConfig']).toBeDefined();
    const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties,
    );
    expect(alarms).toContainEqual(
      expect.objectContaining({ MetricName: 'ApproximateNumberOfMessagesVisible' }),
    );
    expect(alarms.filter(({ MetricName }) => MetricName === 'Errors')).toHaveLength(3);
  });
});

describe('functions', () => {
  test.each(Object.keys(SDK_CALLS) as Caretaker[])('%s may do what it calls, and nothing more', (name) => {
    const allowed = statements(name).flatMap(({ Action }) => Action);
    expect(allowed.sort()).toEqual([...SDK_CALLS[name]].sort());
  });

  test('what acts on a group acts on ours only', () => {
    for (const name of Object.keys(SDK_CALLS) as Caretaker[]) {
      for (const { Action, Resource } of statements(name)) {
        const reads = [Action].flat().every((action) => action.startsWith('autoscaling:Describe'));
        if (reads) continue;
        expect(Resource).not.toBe('*');
        if ([Action].flat().some((action) => action.startsWith('autoscaling:'))) {
          expect(JSON.stringify(Resource)).toContain('autoScalingGroupName/fleet-nodes');
        }
      }
    }
  });

  test('all run Node.js 24 on arm64', () => {
    for (const name of Object.keys(SDK_CALLS) as Caretaker[]) {
      expect(functionOf(name)).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    }
  });

  test('those that read the placement store are in the VPC, and the one that answers CloudFormation is not', () => {
    expect(functionOf('lifecycle-drain')['VpcConfig']).toBeDefined();
    expect(functionOf('termination-policy')['VpcConfig']).toBeDefined();
    expect(functionOf('suspend-processes')['VpcConfig']).toBeUndefined();
  });

  test('the termination policy ends within the 2 s that Auto Scaling waits', () => {
    expect(functionOf('termination-policy')['Timeout']).toBeLessThanOrEqual(2);
  });

  test("only Auto Scaling's own role may ask the termination policy", () => {
    const permission = Object.values(resourcesOf(template, 'AWS::Lambda::Permission')).find(
      ({ Properties }) => JSON.stringify(Properties['Principal']).includes('AWSServiceRoleForAutoScaling'),
    );
    expect(permission?.Properties['Action']).toBe('lambda:InvokeFunction');
    expect(JSON.stringify(permission?.Properties['FunctionName'])).toContain('TerminationPolicy');
  });

  test('they reach the placement store and the endpoints, and nothing else', () => {
    const egress = Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup')).find(([id]) =>
      id.includes('Lifecycle'),
    );
    const inline = (egress?.[1].Properties['SecurityGroupEgress'] ?? []) as Record<string, unknown>[];
    expect(inline.map(({ FromPort, CidrIp }) => [FromPort, CidrIp]).sort()).toEqual([
      [443, undefined],
      [6_380, undefined],
    ]);
  });
});

describe('AZRebalance', () => {
  const properties = onlyResource(template, 'Custom::SuspendedProcesses').Properties;

  test('is suspended by name', () => {
    expect(properties).toMatchObject({
      ScalingProcesses: ['AZRebalance'],
      AutoScalingGroupName: expect.anything() as unknown,
    });
  });

  test('is suspended again by each deployment', () => {
    const later = synthesizeFleet({ deploymentId: 'later' }).template('fleet');
    expect(onlyResource(later, 'Custom::SuspendedProcesses').Properties).not.toEqual(properties);
  });
});
