import type { LoadGenerator } from '../../load/load-generator';
import type { Scenario } from '../scenario';
import { StoryBroken } from '../story-broken';
import { countIn, type Stage } from '../stage';
import { BrokenFunction } from './broken-function';
import { endCallsOn } from './end-calls';

const TERMINATE_EVENT = 'EC2 Instance-terminate Lifecycle Action';

export const lostEvent: Scenario = {
  name: 'lost-event',
  description:
    'the terminate event is lost, comes twice, its Lambda fails, a drain fails: no call is cut off',
  nodes: 2,
  speed: 20,
  async play(stage) {
    const { faults } = stage.cloud.eventBridge;
    stage.holdScaleIn();
    await stage.settled(2);
    await stage.setDesired(6);
    await stage.settled(6);
    const load = await stage.bring({ rooms: 6, roomPrefix: 'lost-' });
    await stage.everybodyIn(load);

    stage.say('the next terminate event will be lost');
    faults.dropNext(TERMINATE_EVENT);
    const lost = await shrink(stage, 5);
    stage.expect(deliveries(stage, lost.after) === 0, 'nobody hears of the termination');
    await stage.until('the sweep drains it all the same', () => isDraining(stage, lost.instanceId));
    await empty(stage, load, lost);

    stage.say('the next terminate event will come twice');
    faults.duplicateNext(TERMINATE_EVENT);
    const twice = await shrink(stage, 4);
    await empty(stage, load, twice);
    const ends = stage.chronicle
      .all('lifecycle-action', twice.after)
      .filter(({ instanceId, event }) => instanceId === twice.instanceId && event === 'CONTINUE');
    stage.expect(ends.length === 1, `its hook is completed once, not ${ends.length} times`);

    await failTwice(stage, load);
    await failDrain(stage, load);
  },
};

/** Without the sweep, so that it is Lambda's own retry that does it. */
async function failTwice(stage: Stage, load: LoadGenerator): Promise<void> {
  const { eventBridge } = stage.cloud;
  const sweep = eventBridge.listRules().find(({ schedule }) => schedule !== undefined);
  const [target] = sweep?.targets.values() ?? [];
  if (!sweep || !target) throw new StoryBroken('the deployment has no sweep');
  const since = stage.chronicle.mark;
  // Whom the termination policy may name is what the sweep has seen last.
  await stage.until('the sweep has seen who is left', () =>
    stage.chronicle.find(
      'invocation',
      ({ functionName, outcome }) => outcome === 'ok' && functionName === functionNameOf(target.arn),
      since,
    ),
  );
  stage.say('the sweep is switched off');
  eventBridge.setState(sweep.name, 'DISABLED');
  const drain = BrokenFunction.break(stage, target.arn);
  const before = stage.chronicle.mark;
  const leaving = await shrink(stage, 3);
  // So long that half of its window may be over by then.
  await stage.holdMoves();
  await stage.until('the Lambda has failed twice', () => drain.failures(before) >= 2);
  drain.repair();
  const answered = stage.chronicle.mark;
  await stage.until('Lambda tries the event again', () =>
    stage.chronicle.find(
      'invocation',
      ({ functionName, outcome }) => functionName === drain.name && outcome === 'ok',
      answered,
    ),
  );
  await stage.until('the node drains', () => isDraining(stage, leaving.instanceId));
  stage.say('the sweep is switched on');
  eventBridge.setState(sweep.name, 'ENABLED');
  await empty(stage, load, leaving);
  await stage.allowMoves();
}

/** Its calls outlast the window and no other node has room for them: nobody throws them out. */
async function failDrain(stage: Stage, load: LoadGenerator): Promise<void> {
  const { chronicle } = stage;
  stage.say('the calls on the next node that leaves do not end, and no other node takes them');
  const leaving = await shrink(stage, 2);
  await stage.holdMoves();
  const people = countIn(load);
  await stage.until('the instance is retained', () =>
    chronicle.reached(leaving.instanceId, 'Terminating:Retained'),
  );
  await stage.until('the alarm for it goes off', () => chronicle.alarm('-drain-failed', leaving.after));
  stage.expect(countIn(load) === people, `all ${people} people are still in, not ${countIn(load)}`);
  await stage.served(load);
  await stage.holds('it stays for as long as its calls do', 120, () => {
    return chronicle.reached(leaving.instanceId, 'Terminating:Proceed') === undefined;
  });
  await stage.allowMoves();
  await stage.until('its people are elsewhere, and it ends', () =>
    chronicle.reached(leaving.instanceId, 'Terminated', leaving.after),
  );
  await stage.until(`all ${people} people are in`, () => countIn(load) === people);
  await stage.served(load);
}

interface Leaving {
  instanceId: string;
  /** Mark of the moment before. */
  after: number;
}

/** One node fewer. */
async function shrink(stage: Stage, desired: number): Promise<Leaving> {
  await stage.everybodyBack();
  const after = stage.chronicle.mark;
  await stage.setDesired(desired);
  const { instanceId } = await stage.until('a node leaves', () =>
    stage.chronicle.find('instance-state', ({ to }) => to === 'Terminating:Wait', after),
  );
  return { instanceId, after };
}

/** Its calls end, and it does. */
async function empty(stage: Stage, load: LoadGenerator, { instanceId, after }: Leaving): Promise<void> {
  const ended = await endCallsOn(stage, load, instanceId);
  stage.expect(ended.length > 0, `${instanceId} had calls until now`);
  await stage.until('the instance ends', () => stage.chronicle.reached(instanceId, 'Terminated', after));
}

async function isDraining(stage: Stage, instanceId: string): Promise<boolean> {
  const { nodes } = await stage.look();
  const node = nodes.find(({ nodeId }) => nodeId === instanceId);
  return node?.state === 'DRAINING' && node.drain?.reason === 'scale-in';
}

function functionNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

/** Rules that got the terminate event. */
function deliveries(stage: Stage, after: number): number {
  const events = stage.chronicle
    .all('event', after)
    .filter(({ detailType }) => detailType === TERMINATE_EVENT);
  return events.reduce((sum, { rules }) => sum + rules.length, 0);
}
