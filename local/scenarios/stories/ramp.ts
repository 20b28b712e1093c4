import type { Scenario } from '../scenario';
import { noteReaction } from './reaction';

export const ramp: Scenario = {
  name: 'ramp',
  description: 'load rises over 65 % for a minute: one more node, new rooms go there, nobody is refused',
  nodes: 1,
  speed: 10,
  async play(stage) {
    stage.holdScaleIn();
    await stage.settled(1);
    stage.say('rooms come one after the other, until the node is over 65 %');
    // Each room of two makes it send 2.8 Mbit/s; two of them are 70 % of what it safely can.
    const load = await stage.bring({ rooms: 1, roomPrefix: 'ramp-', bitrateBps: 1_250_000 });
    await stage.everybodyIn(load);
    load.setTarget({ rooms: 2 });
    await stage.everybodyIn(load);
    const before = stage.chronicle.mark;
    await stage.until('the busy alarm goes off', () => stage.chronicle.alarm('-busy'));
    const change = await stage.until('the group grows', () => stage.chronicle.all('desired-capacity')[0]);
    stage.expect(change.to === 2, `the group grows by one node, not to ${change.to}`);
    stage.expect(change.cause.includes('-busy'), `the busy alarm is the cause, not: ${change.cause}`);
    await stage.settled(2);
    const added = await noteReaction(stage, { alarm: '-busy', after: before });

    stage.say('a new room comes');
    load.setTarget({ rooms: 3 });
    await stage.everybodyIn(load);
    const { rooms } = await stage.look();
    const newest = rooms.find(({ roomId }) => roomId === 'ramp-3');
    stage.expect(
      newest?.nodes.join() === added,
      `the new room is on the new node ${added}, not on ${newest?.nodes.join() ?? 'none'}`,
    );
    stage.expect(stage.refusedAtMs.length === 0, 'no join is refused');
    stage.expect(stage.group.state.desired === 2, `two nodes are enough, not ${stage.group.state.desired}`);
  },
};
