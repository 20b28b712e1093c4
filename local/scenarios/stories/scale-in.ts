import type { Scenario } from '../scenario';
import { countIn } from '../stage';
import { endCallsOn } from './end-calls';

export const scaleIn: Scenario = {
  name: 'scale-in',
  description: 'load falls: the node that is cheapest to empty is drained and ends, and nobody notices',
  nodes: 2,
  speed: 20,
  async play(stage) {
    const { chronicle } = stage;
    stage.holdScaleIn();
    await stage.settled(2);
    await stage.setDesired(3);
    await stage.settled(3);
    stage.say('five rooms come');
    const load = await stage.bring({ rooms: 5, roomPrefix: 'scale-in-' });
    await stage.everybodyIn(load);
    const { rooms } = await stage.look();
    const roomsOf = (nodeId: string) => rooms.filter(({ nodes }) => nodes.includes(nodeId));
    const fewest = Math.min(...stage.inService().map(({ instanceId }) => roomsOf(instanceId).length));

    stage.say('load stays low: what is there would fit on two nodes');
    const before = chronicle.mark;
    stage.allowScaleIn();
    await stage.until('the idle alarm goes off', () => stage.alarm('-idle').state === 'ALARM');
    const change = await stage.until('the group shrinks', () => chronicle.all('desired-capacity', before)[0]);
    stage.expect(change.to === 2, `by one node, not to ${change.to}`);
    const { instanceId: leaving } = await stage.until('a node leaves', () =>
      chronicle.find('instance-state', ({ to }) => to === 'Terminating:Wait', before),
    );
    const leavingRooms = roomsOf(leaving);
    stage.expect(
      leavingRooms.length === fewest,
      `the cheapest node leaves (${fewest} rooms), not one with ${leavingRooms.length}`,
    );
    await stage.until('the node drains', async () => {
      const { nodes } = await stage.look();
      const node = nodes.find(({ nodeId }) => nodeId === leaving);
      return node?.drain?.reason === 'scale-in' && (node.state === 'DRAINING' || node.state === 'DRAINED');
    });
    stage.expect(countIn(load) === 10, `everybody is still in, not ${countIn(load)} of 10`);
    await stage.holds('the drain waits for its calls', 60, () => {
      return leavingRooms.length === 0 || chronicle.reached(leaving, 'Terminating:Proceed') === undefined;
    });

    await endCallsOn(stage, load, leaving);
    const ended = await stage.until('the instance ends', () => chronicle.reached(leaving, 'Terminated'));
    const since = chronicle.reached(leaving, 'Terminating:Wait');
    stage.figure('drainSeconds', 's', (ended.atMs - (since?.atMs ?? ended.atMs)) / 1_000);
    const activity = stage.group.state.activities
      .list()
      .find(({ description }) => description.startsWith('Terminating') && description.includes(leaving));
    stage.expect(
      /-idle in state ALARM triggered policy .* changing the desired capacity from 3 to 2/.test(
        activity?.cause ?? '',
      ),
      `the activity tells why: ${activity?.cause ?? 'there is none'}`,
    );
    const left = 10 - 2 * leavingRooms.length;
    // Those whose gateway was the node that has ended come in by another one.
    await stage.until(`the other ${left} are all in`, () => countIn(load) === left);
    await stage.served(load);
  },
};
