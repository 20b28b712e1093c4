import { GROUP_METRICS } from '../../../local/cloud/autoscaling/group-metrics';
import { AutoScalingLab, LAUNCH_HOOK } from './auto-scaling-lab';

test('each minute the group says its sizes and how many of its instances are where', async () => {
  const lab = new AutoScalingLab();
  const group = lab.createGroup({ enabledMetrics: GROUP_METRICS, minSize: 1, desiredCapacity: 2 });
  await lab.clock.advance(30_000);
  group.state.settings = { ...group.state.settings, hooks: [LAUNCH_HOOK] };
  group.state.setDesired(3, 'a test');
  group.reconcile();
  await lab.clock.advance(30_000);
  const values = Object.fromEntries(lab.metrics.map(({ name, value }) => [name, value]));
  expect(values).toMatchObject({
    GroupMinSize: 1,
    GroupMaxSize: 10,
    GroupDesiredCapacity: 3,
    GroupInServiceInstances: 2,
    GroupPendingInstances: 1,
    GroupTerminatingInstances: 0,
    GroupTotalInstances: 3,
  });
  expect(lab.metrics[0]).toMatchObject({
    namespace: 'AWS/AutoScaling',
    dimensions: { AutoScalingGroupName: 'nodes' },
    atMs: lab.clock.nowMs(),
  });
  const count = lab.metrics.length;
  await lab.clock.advance(60_000);
  expect(lab.metrics).toHaveLength(2 * count);
});

test('only what is enabled is told', async () => {
  const lab = new AutoScalingLab();
  lab.createGroup({ enabledMetrics: ['GroupInServiceInstances'] });
  lab.createGroup({ name: 'quiet' });
  await lab.clock.advance(60_000);
  expect(lab.metrics.map(({ name }) => name)).toEqual(['GroupInServiceInstances']);
});
