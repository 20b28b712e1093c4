import { SHARED_OVERRIDES, type Scenario } from '../scenario';
import { countIn } from '../stage';

export const scaleIn: Scenario = {
  name: 'scale-in',
  description:
    'load falls: the node that is cheapest to empty is drained, its people move, and nobody is dropped',
  nodes: 2,
  speed: 20,
  async play(stage) {
    const { chronicle } = stage;
    stage.holdScaleIn();
    await stage.settled(2);
    await stage.setDesired(3);
    await stage.settled(3);
    // One fewer than two nodes have reserved room for: reservations outlast the story at its speed.
    stage.say('four rooms come');
    const load = await stage.bring({ rooms: 4, roomPrefix: 'scale-in-' });
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
    stage.expect(countIn(load) === 8, `everybody is still in, not ${countIn(load)} of 8`);
    // Nobody hangs up: in the second half of the window its people move to the other nodes of the fleet.
    const ended = await stage.until('the instance ends', () => chronicle.reached(leaving, 'Terminated'));
    const since = chronicle.reached(leaving, 'Terminating:Wait');
    const drainSeconds = (ended.atMs - (since?.atMs ?? ended.atMs)) / 1_000;
    stage.figure('drainSeconds', 's', drainSeconds);
    const waitsSeconds = (SHARED_OVERRIDES.drain.scaleInMinutes * 60) / 2;
    stage.expect(
      leavingRooms.length === 0 || drainSeconds >= waitsSeconds,
      `the drain waits for its calls in the first half of its window, not ${drainSeconds} s`,
    );
    const activity = stage.group.state.activities
      .list()
      .find(({ description }) => description.startsWith('Terminating') && description.includes(leaving));
    stage.expect(
      /-idle in state ALARM triggered policy .* changing the desired capacity from 3 to 2/.test(
        activity?.cause ?? '',
      ),
      `the activity tells why: ${activity?.cause ?? 'there is none'}`,
    );
    // With those whose gateway was the node that has ended: they come in by another one.
    await stage.until('all eight are in', () => countIn(load) === 8);
    await stage.served(load);
  },
};
