import type { LoadGenerator } from '../../load/load-generator';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

const RELEASE_ALARM = '-joins-failing';

export const newRelease: Scenario = {
  name: 'new-release',
  description:
    'a release brings new nodes before old ones drain; the next one fails by an alarm and goes back',
  nodes: 2,
  speed: 20,
  async play(stage) {
    const { chronicle } = stage;
    stage.holdScaleIn();
    await stage.settled(2);
    const load = await stage.bring({ rooms: 2, roomPrefix: 'release-' });
    await stage.everybodyIn(load);
    const oldNodes = idsOf(stage);

    const before = chronicle.mark;
    const release = follow(stage.deploy({ image: { revision: 2 } }));
    await stage.until('old nodes leave', () =>
      oldNodes.every((instanceId) => chronicle.reached(instanceId, 'Terminating:Wait', before)),
    );
    const arrived = chronicle.all('instance-state', before).filter(({ to }) => to === 'InService');
    const firstLeaves = chronicle.find('instance-state', ({ to }) => to === 'Terminating', before);
    stage.expect(
      arrived.filter(({ sequence }) => sequence < (firstLeaves?.sequence ?? 0)).length >= 2,
      'two new nodes are in service before the first old one leaves',
    );
    await stage.until('the old nodes drain', async () => {
      const { nodes } = await stage.look();
      const leaving = nodes.filter(({ nodeId }) => oldNodes.includes(nodeId));
      return leaving.every(({ state, drain }) => state !== 'SERVING' && drain?.reason === 'image-roll');
    });
    load.setTarget({ rooms: 3 });
    await stage.everybodyIn(load);
    const { rooms } = await stage.look();
    const newest = rooms.find(({ roomId }) => roomId === 'release-3')?.nodes ?? [];
    stage.expect(
      newest.length === 1 && newest.every((nodeId) => !oldNodes.includes(nodeId)),
      `a new room is on a new node, not on ${newest.join()}`,
    );
    const took = await outcomeOf(stage, release);
    stage.expect(took === undefined, `the release succeeds: ${took ?? ''}`);
    await stage.served(load);
    const released = imagesOf(stage);
    const [image] = released;
    stage.expect(released.length === 1, 'all nodes are of the new release');
    await failingRelease(stage, load, image);
  },
};

/** For want of a third release it brings the first one's image again. */
async function failingRelease(stage: Stage, load: LoadGenerator, image: string | undefined): Promise<void> {
  const { chronicle, cloud } = stage;
  load.setTarget({ rooms: 5 });
  const before = chronicle.mark;
  const release = follow(stage.deploy({}));
  await stage.until('a new node is in service', () =>
    chronicle.find('instance-state', ({ to }) => to === 'InService', before),
  );
  stage.say('joins fail in the new release');
  const { name } = stage.alarm(RELEASE_ALARM);
  const { alarms } = cloud.cloudWatch;
  const calmDown = cloud.journal.subscribe((entry) => {
    // Of what it watches the way back would fail too: the alarm ends with the release that set it off.
    if (entry.kind === 'refresh' && entry.status === 'Failed')
      alarms.setState(name, 'OK', 'withdrawn', undefined);
  });
  const failed = await stage.until('the refresh fails', () => {
    const found = chronicle.find('refresh', ({ status }) => status === 'Failed', before);
    // By hand it lasts until the next evaluation.
    if (!found && !cloud.cloudWatch.isInAlarm(name)) alarms.setState(name, 'ALARM', 'joins fail', undefined);
    return found;
  });
  calmDown();
  stage.expect(failed.reason?.includes(name) === true, `because of the alarm: ${failed.reason ?? ''}`);
  const outcome = await outcomeOf(stage, release);
  stage.expect(outcome?.includes('Failed') === true, `the deployment fails: ${outcome ?? 'it succeeded'}`);
  const refreshes = new Set(chronicle.all('refresh', before).map(({ refreshId }) => refreshId));
  stage.expect(
    refreshes.size === 2,
    `a second refresh brings the old release back, not ${refreshes.size - 1}`,
  );
  stage.expect(imagesOf(stage).join() === image, 'all nodes are of the release before');
}

/** A deployment that is under way. */
interface Deployment {
  /** Undefined until it is over. */
  outcome: { failure: string | undefined } | undefined;
}

function follow(work: Promise<void>): Deployment {
  const deployment: Deployment = { outcome: undefined };
  work.then(
    () => (deployment.outcome = { failure: undefined }),
    (error: unknown) =>
      (deployment.outcome = { failure: error instanceof Error ? error.message : String(error) }),
  );
  return deployment;
}

/** Nobody hangs up: in the second half of their window the old nodes' people move. @returns why it failed */
async function outcomeOf(stage: Stage, release: Deployment): Promise<string | undefined> {
  const { failure } = await stage.until('the deployment ends', () => release.outcome);
  return failure;
}

function idsOf(stage: Stage): string[] {
  return stage.inService().map(({ instanceId }) => instanceId);
}

function imagesOf(stage: Stage): string[] {
  return [...new Set(stage.inService().map(({ template }) => template.imageId))];
}
