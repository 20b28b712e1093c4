import type { Scenario } from '../scenario';
import { BrokenFunction } from './broken-function';
import { endCallsOn } from './end-calls';

export const brokenTerminationPolicy: Scenario = {
  name: 'broken-termination-policy',
  description: 'the termination policy fails: nobody leaves and an alarm tells; repaired, scale-in goes on',
  nodes: 2,
  speed: 20,
  async play(stage) {
    const { chronicle } = stage;
    stage.holdScaleIn();
    await stage.settled(2);
    await stage.setDesired(3);
    await stage.settled(3);
    const load = await stage.bring({ rooms: 3, roomPrefix: 'policy-' });
    await stage.everybodyIn(load);
    const [policyArn = ''] = stage.group.state.settings.terminationPolicies;
    const policy = BrokenFunction.break(stage, policyArn);

    const before = chronicle.mark;
    await stage.setDesired(2);
    const alarm = await stage.until('the alarm of the function goes off', () =>
      chronicle.find(
        'alarm',
        ({ to, alarmName }) => to === 'ALARM' && /TerminationPolicy.*Failing/.test(alarmName),
        before,
      ),
    );
    stage.figure(
      'alarmAfterSeconds',
      's',
      (alarm.atMs - (chronicle.all('desired-capacity', before)[0]?.atMs ?? 0)) / 1_000,
    );
    await stage.holds('nobody is terminated', 60, () => stage.inService().length === 3);
    stage.figure('failedInvocations', '', policy.failures(before));
    stage.expect(policy.failures(before) >= 3, 'Auto Scaling asks again and again');
    const activity = stage.group.state.activities.list().find(({ status }) => status === 'Failed');
    stage.expect(activity !== undefined, 'an activity tells that it failed');
    stage.expect(
      chronicle.find('notification', ({ subject }) => subject.includes(alarm.alarmName), before) !==
        undefined,
      'somebody is told',
    );

    const repaired = chronicle.mark;
    policy.repair();
    const { instanceId } = await stage.until('a node leaves', () =>
      chronicle.find('instance-state', ({ to }) => to === 'Terminating:Wait', repaired),
    );
    await endCallsOn(stage, load, instanceId);
    await stage.until('the instance ends', () => chronicle.reached(instanceId, 'Terminated', repaired));
    await stage.until('the alarm ends', () => stage.alarm(alarm.alarmName).state === 'OK');
  },
};
