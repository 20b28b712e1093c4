import type { Scenario } from '../scenario';
import { noteReaction } from './reaction';

/** Where the policy's second step begins. */
const URGENT = 0.8;

export const ramp: Scenario = {
  name: 'ramp',
  description: 'load rises over 65 % for a minute: one more node, new rooms go there, nobody is refused',
  nodes: 1,
  speed: 10,
  async play(stage) {
    stage.holdScaleIn();
    await stage.settled(1);
    const first = stage.inService()[0]?.instanceId;
    stage.say('rooms come one after the other, until the node is over 65 %');
    // Each room of two makes it send 2.9 Mbit/s; two of them are 72 % of what it safely can.
    const load = await stage.bring({ rooms: 1, roomPrefix: 'ramp-', bitrateBps: 1_380_000 });
    await stage.everybodyIn(load);
    load.setTarget({ rooms: 2 });
    await stage.everybodyIn(load);
    const before = stage.chronicle.mark;
    const alarm = await stage.until('the busy alarm goes off', () => stage.chronicle.alarm('-busy', before));
    // A machine that is too busy loses packets, and what is sent again is load too: above 80 % two nodes come at once.
    const nodes = (alarm.value ?? 0) < URGENT ? 1 : 2;
    const change = await stage.until('the group grows', () => stage.chronicle.all('desired-capacity')[0]);
    stage.expect(change.to === 1 + nodes, `the group grows by ${nodes}, not to ${change.to}`);
    stage.expect(change.cause.includes('-busy'), `the busy alarm is the cause, not: ${change.cause}`);
    await stage.settled(1 + nodes);
    await noteReaction(stage, { alarm: '-busy', after: before });

    stage.say('a new room comes');
    load.setTarget({ rooms: 3 });
    await stage.everybodyIn(load);
    const { rooms } = await stage.look();
    const newest = rooms.find(({ roomId }) => roomId === 'ramp-3');
    stage.expect(
      newest?.nodes.length === 1 && newest.nodes[0] !== first,
      `the new room is on a new node, not on ${newest?.nodes.join() ?? 'none'}`,
    );
    stage.expect(stage.refusedAtMs.length === 0, 'no join is refused');
    stage.expect(stage.group.state.desired === change.to, `that is enough, not ${stage.group.state.desired}`);
  },
};
