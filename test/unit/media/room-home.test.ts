import { pino } from 'pino';
import { FleetError } from '../../../core/errors';
import { NodeUnreachableError } from '../../../node-app/link/node-unreachable-error';
import { RoomHome } from '../../../node-app/media/room-home';
import { ManualClock } from '../../helpers/manual-clock';

test('an edge whose own network was away joins the home that lived on', async () => {
  const clock = new ManualClock();
  let isAway = false;
  const up: string[] = [];
  const home = new RoomHome({
    roomId: 'room',
    nodeId: 'edge',
    links: {
      join: async ({ nodeId }) => {
        if (isAway) throw new NodeUnreachableError({ nodeId, evidence: 'unreachable', message: 'away' });
      },
      send: () => undefined,
      leave: () => undefined,
    },
    homes: {
      // The home's lease goes on: nobody's word against it makes another node the home.
      findHome: async ({ evidence }) => {
        if (isAway || evidence)
          throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE', { retryAfterMs: 1_000 });
        return { nodes: ['home', 'edge'], homeLinkAddress: 'home.test:4444', epoch: 1 };
      },
    },
    listener: {
      neighbourUp: (nodeId) => up.push(nodeId),
      neighbourDown: () => undefined,
      neighbourLeft: () => undefined,
      epochChanged: () => undefined,
      homeChanged: () => undefined,
    },
    clock,
    random: () => 0,
    logger: pino({ level: 'silent' }),
  });
  home.place({ nodes: ['home', 'edge'], homeLinkAddress: 'home.test:4444', epoch: 1 });
  await clock.advance(0);
  expect(up).toEqual(['home']);

  isAway = true;
  home.linkLost('home');
  await clock.advance(20_000);
  isAway = false;
  await clock.advance(5_000);
  expect(up).toEqual(['home', 'home']);
});
