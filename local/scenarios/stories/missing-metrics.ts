import { METRIC_NAMESPACE } from '../../../core/deployment/fleet-metrics';
import type { MetricPoint } from '../../cloud/cloudwatch/metric-store';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

/** One period of it and its delay: before that the alarm looks at the time when all could be heard. */
const PERIOD_SECONDS = 320;
/** Two periods of the scale-in alarm, so that a whole one of them lies in the silence, and its delay. */
const SILENCE_SECONDS = 620;

export const missingMetrics: Scenario = {
  name: 'missing-metrics',
  description: 'one node that works falls silent, then all: nobody is removed, and an alarm tells',
  nodes: 2,
  speed: 20,
  async play(stage) {
    const { faults } = stage.cloud.cloudWatch;
    stage.holdScaleIn();
    await stage.settled(2);
    await stage.setDesired(3);
    const load = await stage.bring({ rooms: 1, roomPrefix: 'heard-' });
    await stage.everybodyIn(load);
    await stage.settled(3);

    stage.say('the node with the calls falls silent: its metrics do not arrive any more');
    faults.lose((request) => isOfNode(request) && valueOf(request, 'Rooms') > 0);
    await silence(stage);
    stage.holdScaleIn();
    stage.say('its metrics arrive again');
    faults.end();
    await stage.until('the alarm ends', () => stage.alarm('-silent-nodes').state === 'OK');

    stage.say('all nodes fall silent');
    faults.lose(isOfNode);
    await silence(stage);
    stage.say('all metrics arrive again');
    faults.end();

    // What was held back was only held back by the silence.
    const before = stage.chronicle.mark;
    await stage.until('with all its metrics the idle fleet shrinks', () => {
      return stage.chronicle.all('desired-capacity', before)[0]?.to === 2;
    });
    stage.expect(stage.alarm('-silent-nodes').state !== 'ALARM', 'the alarm for silence is over by then');
  },
};

/** Nobody leaves in all that time, and the alarm goes off. */
async function silence(stage: Stage): Promise<void> {
  const before = stage.chronicle.mark;
  await stage.holds('a whole period passes', PERIOD_SECONDS, () => stage.group.state.desired === 3);
  await stage.until('the fleet does not count as idle', () => stage.alarm('-idle').state !== 'ALARM');
  stage.allowScaleIn();
  await stage.holds('nobody is removed while metrics are missing', SILENCE_SECONDS, () => {
    return stage.group.state.desired === 3 && stage.alarm('-idle').state !== 'ALARM';
  });
  stage.expect(
    stage.chronicle.alarm('-silent-nodes', before) !== undefined,
    'the alarm for silent nodes goes off',
  );
}

function isOfNode(request: readonly MetricPoint[]): boolean {
  return request.some(({ metric }) => metric.namespace === METRIC_NAMESPACE);
}

function valueOf(request: readonly MetricPoint[], name: string): number {
  return request.find(({ metric }) => metric.name === name)?.values?.[0]?.value ?? 0;
}
