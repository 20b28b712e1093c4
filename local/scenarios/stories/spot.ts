import type { Scenario } from '../scenario';
import { countIn } from '../stage';

export const spot: Scenario = {
  name: 'spot',
  description:
    'AWS takes a spot instance back: its replacement comes first, its people move within two minutes',
  nodes: 2,
  // A node starts in real time, and the two minutes are the cloud's.
  speed: 4,
  overrides: { nodes: { spot: { onDemandBase: 1, onDemandPercentAboveBase: 0 } } },
  async play(stage) {
    const { chronicle } = stage;
    stage.holdScaleIn();
    await stage.settled(2);
    const load = await stage.bring({ rooms: 2, roomPrefix: 'spot-' });
    await stage.everybodyIn(load);
    const taken = await stage.until('there is a spot instance', () =>
      stage.inService().find(({ market }) => market === 'spot'),
    );
    const { instanceId } = taken;
    const { rooms } = await stage.look();
    stage.expect(
      rooms.some(({ nodes }) => nodes.includes(instanceId)),
      'the spot instance carries a call',
    );

    stage.say(`AWS takes ${instanceId} back`);
    const before = chronicle.mark;
    const noticedAtMs = stage.cloud.clock.nowMs();
    stage.cloud.autoScaling.interruptSpot(instanceId);
    await stage.until('its node drains', async () => {
      const { nodes } = await stage.look();
      return nodes.some(({ nodeId, state, drain }) => {
        return nodeId === instanceId && state !== 'SERVING' && drain?.reason === 'spot';
      });
    });
    load.setTarget({ rooms: 3 });
    const replacement = await stage.until('its replacement is in service', () =>
      chronicle.find('instance-state', ({ to }) => to === 'InService', before),
    );
    await stage.until('a new room gets in', () => countIn(load) === 6);
    const now = await stage.look();
    stage.expect(
      now.rooms.find(({ roomId }) => roomId === 'spot-3')?.nodes.includes(instanceId) === false,
      'a new room is on another node',
    );
    // Nobody hangs up.
    const gone = await stage.until('the instance ends', () =>
      chronicle.reached(instanceId, 'Terminated', before),
    );
    stage.figure('replacementSeconds', 's', (replacement.atMs - noticedAtMs) / 1_000);
    stage.figure('goneAfterSeconds', 's', (gone.atMs - noticedAtMs) / 1_000);
    stage.expect(replacement.sequence < gone.sequence, 'its replacement comes first');
    stage.expect(gone.atMs - noticedAtMs < 120_000, 'its people have moved within their two minutes');
    await stage.until('all six are in', () => countIn(load) === 6);
    await stage.served(load);
    const { connections } = await load.report();
    stage.figure('migratedPeers', 'peers', connections.migrated);
    stage.expect(connections.migrated >= 2, `its people migrate, and ${connections.migrated} did`);
    // More when the new room found no place before the replacement was there.
    stage.expect(stage.inService().length >= 2, 'as many nodes serve as before');
  },
};
