import type { Scenario } from '../scenario';
import { countIn } from '../stage';
import { noteReaction } from './reaction';

/** With three people each: ten times those who were there, and more than the rooms that two nodes can take. */
const CROWD = { rooms: 7, size: 3, publishers: 3 };

export const flashCrowd: Scenario = {
  name: 'flash-crowd',
  description: 'ten times the joins in ten seconds: capacity at once, and the refused get in by themselves',
  nodes: 2,
  speed: 10,
  async play(stage) {
    stage.holdScaleIn();
    await stage.settled(2);
    const usual = await stage.bring({ rooms: 1, roomPrefix: 'usual-' });
    await stage.everybodyIn(usual);

    const people = CROWD.rooms * CROWD.size;
    stage.say(`${people} people come within ten seconds, in ${CROWD.rooms} rooms`);
    const before = stage.chronicle.mark;
    const crowd = await stage.bring({
      ...CROWD,
      roomPrefix: 'crowd-',
      joinsPerSecond: (people / 10) * stage.speed,
    });
    const firstRefusedAtMs = await stage.until('somebody is refused', () => stage.refusedAtMs[0]);
    const alarm = await stage.until('the alarm for it goes off', () =>
      stage.chronicle.alarm('-no-capacity', before),
    );
    const added = await noteReaction(stage, {
      alarm: '-no-capacity',
      after: before,
      sinceMs: firstRefusedAtMs,
    });
    stage.say(`${added} is there; ${countIn(crowd)} of ${people} are in`);
    await stage.everybodyIn(crowd);

    const changes = stage.chronicle.all('desired-capacity', before);
    stage.expect(changes.length === 1, `the group grows once, not ${changes.length} times`);
    stage.expect(
      changes[0]?.from === 2 && changes[0].to === 4,
      `by two nodes at once, not from ${changes[0]?.from} to ${changes[0]?.to}`,
    );
    stage.expect(
      changes[0] !== undefined && changes[0].sequence > alarm.sequence,
      'because of the alarm, and not before it',
    );
    const report = await crowd.report();
    stage.expect(report.joins.retries > 0, 'who was refused comes again by itself');
    stage.figure('longestWaitSeconds', 's', report.getInMs.max / 1_000);
    const { rooms } = await stage.look();
    const split = rooms.filter(({ nodes }) => nodes.length !== 1);
    stage.expect(split.length === 0, `every room is on one node, but ${split.length} are not`);
  },
};
