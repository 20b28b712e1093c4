import { peerClaimsSchema } from '../../../core/auth/token-claims';
import { chooseRoomOptions, type RoomOptionsSource } from '../../../core/room-options';

const DEFAULTS = { lastN: 0, heardSpeakers: 3 };

test.each<[string, RoomOptionsSource[], typeof DEFAULTS]>([
  ['the deployment says, when nobody brings any', [{ stamp: 1 }], DEFAULTS],
  ['a token says', [{ stamp: 1, roomOptions: { lastN: 9 } }], { lastN: 9, heardSpeakers: 3 }],
  [
    'the newest says, also before a newer one without',
    [
      { stamp: 2, roomOptions: { lastN: 4 } },
      { stamp: 1, roomOptions: { lastN: 9, heardSpeakers: 5 } },
      { stamp: 3, roomOptions: {} },
    ],
    { lastN: 4, heardSpeakers: 5 },
  ],
  ['turns it off', [{ stamp: 1, roomOptions: { heardSpeakers: 0 } }], { lastN: 0, heardSpeakers: 0 }],
])('of a room holds what %s', (_, present, expected) => {
  expect(chooseRoomOptions(present, DEFAULTS)).toEqual(expected);
});

test.each([{ lastN: -1 }, { lastN: 1.5 }, { lastN: '9' }, { heardSpeakers: 51 }])(
  'a token with %j is refused',
  (claims) => {
    expect(peerClaimsSchema.safeParse({ room: 'demo', exp: 1, ...claims }).success).toBe(false);
    expect(peerClaimsSchema.safeParse({ room: 'demo', exp: 1, lastN: 9 }).success).toBe(true);
  },
);
