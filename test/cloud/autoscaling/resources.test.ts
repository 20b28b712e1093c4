import { autoScalingResources } from '../../../local/cloud/autoscaling/resources/resources';
import { launchTemplateResource } from '../../../local/cloud/ec2/resources/launch-template';
import { LaunchTemplates } from '../../../local/cloud/ec2/launch-templates';
import type { CreatedResource, ResourceInput } from '../../../local/cloud/ports/resource-type';
import { AutoScalingLab } from './auto-scaling-lab';

/** As the templates have it: numbers as text in places. */
const GROUP = {
  AutoScalingGroupName: 'fleet-nodes',
  CapacityRebalance: false,
  DefaultInstanceWarmup: 60,
  HealthCheckGracePeriod: 60,
  HealthCheckType: 'EC2',
  InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
  LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '1' },
  LifecycleHookSpecificationList: [
    {
      DefaultResult: 'ABANDON',
      HeartbeatTimeout: 1800,
      LifecycleHookName: 'fleet-drain',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    },
  ],
  MaxSize: '20',
  MetricsCollection: [{ Granularity: '1Minute' }],
  MinSize: '2',
  Tags: [{ Key: 'mediasoup-fleet', PropagateAtLaunch: true, Value: 'fleet-nodes' }],
  TargetGroupARNs: ['gateways'],
  TerminationPolicies: ['Default'],
  VPCZoneIdentifier: ['subnet-a', 'subnet-b'],
};

const UPDATE_POLICY = {
  AutoScalingInstanceRefresh: {
    Strategy: 'Rolling',
    Preferences: {
      MinHealthyPercentage: 100,
      MaxHealthyPercentage: 200,
      InstanceWarmup: 60,
      SkipMatching: true,
      BakeTime: 600,
      ScaleInProtectedInstances: 'Refresh',
      StandbyInstances: 'Wait',
      AlarmSpecification: { Alarms: ['joins-failing'] },
    },
  },
  AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
};

class Deployment {
  readonly lab = new AutoScalingLab();
  private readonly types = autoScalingResources(this.lab.model);

  create(type: string, properties: unknown, logicalId = 'Resource') {
    const resource = this.type(type);
    return resource.create(this.input(type, properties, logicalId)) as CreatedResource;
  }

  async update(type: string, now: unknown, before: unknown, logicalId = 'Resource') {
    return this.type(type).update?.(this.input(type, now, logicalId), this.input(type, before, logicalId));
  }

  remove(type: string, properties: unknown) {
    return this.type(type).remove?.(this.input(type, properties, 'Resource'));
  }

  private type(name: string) {
    const found = this.types.find(({ type }) => type === `AWS::AutoScaling::${name}`);
    if (!found) throw new Error(`no type ${name}`);
    return found;
  }

  private input(type: string, properties: unknown, logicalId: string): ResourceInput<unknown> {
    return {
      stackName: 'fleet',
      logicalId,
      properties: this.type(type).properties.parse(properties),
      updatePolicy: UPDATE_POLICY,
    };
  }
}

test('a group of a template has what the template says', async () => {
  const deployment = new Deployment();
  expect(deployment.create('AutoScalingGroup', GROUP).ref).toBe('fleet-nodes');
  const { settings } = deployment.lab.model.group('fleet-nodes').state;
  expect(settings).toMatchObject({
    minSize: 2,
    maxSize: 20,
    defaultInstanceWarmupSeconds: 60,
    terminateHookAbandon: 'retain',
    subnets: [
      { subnetId: 'subnet-a', availabilityZone: 'zone-a' },
      { subnetId: 'subnet-b', availabilityZone: 'zone-b' },
    ],
    hooks: [{ name: 'fleet-drain', heartbeatTimeoutSeconds: 1800, defaultResult: 'ABANDON' }],
  });
  expect(settings.enabledMetrics).toContain('GroupInServiceInstances');
});

test('a subnet that does not exist stops it', () => {
  const deployment = new Deployment();
  expect(() => deployment.create('AutoScalingGroup', { ...GROUP, VPCZoneIdentifier: ['nowhere'] })).toThrow(
    'there is no subnet nowhere',
  );
});

async function deployed() {
  const deployment = new Deployment();
  deployment.create('AutoScalingGroup', { ...GROUP, LifecycleHookSpecificationList: [] });
  await deployment.lab.settle();
  deployment.lab.launchTemplates.addVersion('lt-1', {
    imageId: 'ami-1',
    instanceType: 'c7gn.large',
    userData: 'djI=',
  });
  const before = { ...GROUP, LifecycleHookSpecificationList: [] };
  const now = { ...before, LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '2' } };
  return { deployment, lab: deployment.lab, before, now };
}

test('another launch template is an instance refresh, and the update is done when that has succeeded', async () => {
  const { deployment, lab, before, now } = await deployed();
  let isDone = false;
  const update = deployment.update('AutoScalingGroup', now, before).then(() => (isDone = true));
  await lab.clock.advance(600_000);
  expect(isDone).toBe(false);
  await lab.clock.advance(200_000);
  await update;
  const group = lab.model.group('fleet-nodes');
  expect(group.state.inService().map(({ template }) => template.version)).toEqual([2, 2]);
  expect(group.refreshes).toMatchObject([{ status: 'Successful', preferences: { bakeTimeSeconds: 600 } }]);
});

test('an alarm fails the update, and the update back brings the old version again', async () => {
  const { deployment, lab, before, now } = await deployed();
  const update = deployment.update('AutoScalingGroup', now, before);
  const failed = expect(update).rejects.toThrow(/Failed\. Alarm joins-failing/);
  await lab.clock.advance(200_000);
  lab.activeAlarms.add('joins-failing');
  await lab.clock.advance(20_000);
  await failed;
  lab.activeAlarms.clear();
  const back = deployment.update('AutoScalingGroup', before, now);
  await lab.clock.advance(1_000_000);
  await back;
  const versions = lab.model
    .group('fleet-nodes')
    .state.inService()
    .map(({ template }) => template.version);
  expect(versions).toEqual([1, 1]);
});

test('an update that changes no instance begins no refresh, and leaves sizes that a schedule has changed', async () => {
  const { deployment, lab, before } = await deployed();
  const group = lab.model.group('fleet-nodes');
  group.state.settings = { ...group.state.settings, minSize: 5 };
  group.state.setDesired(6, 'a test');
  await deployment.update('AutoScalingGroup', { ...before, MaxSize: '30' }, before);
  expect(group.refreshes).toEqual([]);
  expect(group.state).toMatchObject({ desired: 6, settings: { minSize: 5, maxSize: 30 } });
  await deployment.update('AutoScalingGroup', { ...before, MinSize: '7' }, before);
  expect(group.state).toMatchObject({ desired: 7, settings: { minSize: 7 } });
});

test('instances in service follow the target groups of the template', async () => {
  const { deployment, lab, before } = await deployed();
  await deployment.update('AutoScalingGroup', { ...before, TargetGroupARNs: ['other'] }, before);
  expect([...lab.registered].map((entry) => entry.split(' ')[0])).toEqual(['other', 'other']);
});

test('policies, a warm pool and scheduled actions belong to their group', async () => {
  const { deployment, lab } = await deployed();
  const group = lab.model.group('fleet-nodes');
  const policy = {
    AutoScalingGroupName: 'fleet-nodes',
    PolicyType: 'StepScaling',
    AdjustmentType: 'ChangeInCapacity',
    StepAdjustments: [{ MetricIntervalUpperBound: '0', ScalingAdjustment: -1 }],
  };
  const { ref } = deployment.create('ScalingPolicy', policy);
  expect(lab.model.findPolicy(ref)?.policy.steps).toEqual([
    { lowerBound: undefined, upperBound: 0, adjustment: -1 },
  ]);
  expect((await deployment.update('ScalingPolicy', policy, policy))?.ref).toBe(ref);

  const pool = { AutoScalingGroupName: 'fleet-nodes', MinSize: 3, MaxGroupPreparedCapacity: -1 };
  deployment.create('WarmPool', pool);
  expect(group.state.warm()).toHaveLength(18);
  const floor = {
    AutoScalingGroupName: 'fleet-nodes',
    MinSize: 4,
    Recurrence: '45 7 * * *',
    TimeZone: 'Europe/Berlin',
  };
  deployment.create('ScheduledAction', floor);
  await lab.clock.advance(7 * 3_600_000);
  expect(group.state.settings.minSize).toBe(4);

  await deployment.remove('ScalingPolicy', policy);
  await deployment.remove('WarmPool', pool);
  await deployment.remove('ScheduledAction', floor);
  await lab.settle();
  expect(lab.model.findPolicy(ref)).toBeUndefined();
  expect(group.state.warm()).toEqual([]);
  expect(group.scheduledActions.list()).toEqual([]);
});

test('a group that leaves its template ends its instances at once', async () => {
  const { deployment, lab, before } = await deployed();
  await deployment.remove('AutoScalingGroup', before);
  await lab.settle();
  expect(lab.model.groups()).toEqual([]);
  expect(lab.machines.launched.map(({ state }) => state)).toEqual(['terminated', 'terminated']);
});

test('each update of a launch template is a version', () => {
  const templates = new LaunchTemplates();
  const resource = launchTemplateResource(templates, () => 0.5);
  const input = (image: string): ResourceInput<never> => ({
    stackName: 'fleet',
    logicalId: 'Template',
    properties: resource.properties.parse({
      LaunchTemplateData: { InstanceType: 'c7gn.large', ImageId: image, UserData: 'IyE=' },
    }) as never,
    updatePolicy: undefined,
  });
  const first = resource.create(input('ami-1')) as CreatedResource;
  expect(first).toMatchObject({ attributes: { LatestVersionNumber: '1', DefaultVersionNumber: '1' } });
  const second = resource.update?.(input('ami-2'), input('ami-1')) as CreatedResource;
  expect(second).toMatchObject({ ref: first.ref, attributes: { LatestVersionNumber: '2' } });
  expect(templates.resolve({ launchTemplateId: first.ref, version: '$Latest' }).version).toBe(2);
  expect(() => templates.resolve({ launchTemplateId: first.ref, version: '3' })).toThrow(
    /version does not exist/,
  );
});
