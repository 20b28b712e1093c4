import fc from 'fast-check';
import { packDrainCommand, unpackDrainCommand, type DrainCommand } from '../../../core/drain/drain-command';
import {
  nextDrainStatus,
  SERVING_STATUS,
  type DrainInput,
  type DrainStatus,
} from '../../../core/drain/drain-machine';
import { NODE_STATES } from '../../../core/node-state';

const scaleIn: DrainCommand = {
  commandId: 'scale-in',
  reason: 'scale-in',
  issuedAtMs: 1_000,
  deadlineAtMs: 61_000,
};
const operator: DrainCommand = { ...scaleIn, commandId: 'operator', reason: 'operator', issuedAtMs: 2_000 };

const after = (...inputs: DrainInput[]): DrainStatus => inputs.reduce(nextDrainStatus, SERVING_STATUS);
const drain = (command: DrainCommand): DrainInput => ({ kind: 'drain', command });
const answered = (reportedState: DrainStatus['state'], rooms = 0, pendingClaims: number | undefined = 0) =>
  ({
    kind: 'placementAnswered',
    reportedState,
    reportedRooms: rooms,
    rooms,
    pendingClaims,
  }) satisfies DrainInput;
const time = (nowMs: number, rooms: number, peers: number): DrainInput => ({
  kind: 'timePassed',
  nowMs,
  rooms,
  peers,
});

test('a node is cordoned until placement has heard, drains while it has rooms, and is drained without', () => {
  const told = [drain(scaleIn)];
  expect(after(...told).state).toBe('CORDONED');
  expect(after(...told, answered('SERVING')).state).toBe('CORDONED');
  const heard = [...told, answered('CORDONED', 2)];
  expect(after(...heard).state).toBe('DRAINING');
  expect(after(...heard, answered('DRAINING', 2)).state).toBe('DRAINING');
  expect(after(...heard, answered('DRAINING')).state).toBe('DRAINED');
});

test('a peer on its way keeps the node from being drained, and so does an answer that does not tell', () => {
  const heard = [drain(scaleIn), answered('CORDONED')];
  expect(after(...heard, answered('DRAINING', 0, 1)).state).toBe('DRAINING');
  const late: DrainInput = { ...answered('DRAINING'), pendingClaims: undefined };
  expect(after(...heard, late).state).toBe('DRAINING');
});

test('a room that ended after the heartbeat may still get a peer: the next heartbeat decides', () => {
  const heard = [drain(scaleIn), answered('CORDONED', 1)];
  const ended: DrainInput = { ...answered('DRAINING'), reportedRooms: 1 };
  expect(after(...heard, ended).state).toBe('DRAINING');
  expect(after(...heard, ended, answered('DRAINING')).state).toBe('DRAINED');
});

test('a drained node to which somebody comes after all drains again', () => {
  const drained = [drain(scaleIn), answered('CORDONED'), answered('DRAINING')];
  expect(after(...drained, time(5_000, 0, 0)).state).toBe('DRAINED');
  expect(after(...drained, time(5_000, 1, 1))).toMatchObject({ state: 'DRAINING', drain: { failed: false } });
  expect(after(...drained, time(5_000, 1, 1), answered('DRAINING')).state).toBe('DRAINED');
});

test('a cordon alone drains nothing', () => {
  expect(after({ kind: 'cordon' }, answered('CORDONED')).state).toBe('CORDONED');
});

test('repeated, and older, commands change nothing', () => {
  const status = after(drain(scaleIn));
  expect(nextDrainStatus(status, drain({ ...scaleIn, deadlineAtMs: 999_000 }))).toBe(status);
  expect(nextDrainStatus(status, drain({ ...scaleIn, commandId: 'old', issuedAtMs: 999 }))).toBe(status);
});

test('a drain can be taken back when an operator or a forecast asked for it, and not begin again by itself', () => {
  const back = after(drain(operator), answered('CORDONED', 1), { kind: 'uncordon' });
  expect(back).toMatchObject({ state: 'SERVING', drain: undefined });
  expect(nextDrainStatus(back, drain(operator)).state).toBe('SERVING');
  expect(nextDrainStatus(back, drain({ ...operator, commandId: 'next', issuedAtMs: 3_000 })).state).toBe(
    'CORDONED',
  );
});

test('a drain because the instance ends is neither taken back nor loosened', () => {
  const status = after(drain(scaleIn), answered('CORDONED', 1));
  expect(nextDrainStatus(status, { kind: 'uncordon' })).toBe(status);
  expect(nextDrainStatus(status, drain({ ...operator, deadlineAtMs: 999_000 }))).toBe(status);
});

test('a drain that binds counts however late it comes, and the most urgent one stays', () => {
  const late: DrainCommand = { ...scaleIn, issuedAtMs: 0 };
  const told = [drain({ ...operator, issuedAtMs: 5_000 })];
  expect(after(...told, drain(late)).drain?.reason).toBe('scale-in');
  expect(after(...told, { kind: 'uncordon' }, drain(late)).drain?.reason).toBe('scale-in');
  const spot: DrainCommand = { ...scaleIn, commandId: 'spot', reason: 'spot', deadlineAtMs: 20_000 };
  for (const inputs of [
    [spot, { ...scaleIn, issuedAtMs: 9_000 }],
    [scaleIn, spot],
  ]) {
    expect(after(...inputs.map(drain)).drain?.reason).toBe('spot');
  }
});

test('a drain that the node began by itself gives way to whoever knows why, and never the other way round', () => {
  const own: DrainCommand = { ...scaleIn, commandId: 'own:i-1', deadlineAtMs: 10_000 };
  const roll: DrainCommand = { ...scaleIn, commandId: 'roll', reason: 'image-roll', issuedAtMs: 0 };
  expect(after(drain(own), drain(roll)).drain?.commandId).toBe('roll');
  expect(after(drain(roll), drain(own)).drain?.commandId).toBe('roll');
});

test('a spot notice shortens a drain', () => {
  const spot: DrainCommand = { commandId: 'spot', reason: 'spot', issuedAtMs: 3_000, deadlineAtMs: 20_000 };
  expect(after(drain(scaleIn), drain(spot)).drain).toMatchObject({ reason: 'spot', deadlineAtMs: 20_000 });
});

test('a deadline with peers left is a failure that is seen, and the drain goes on', () => {
  const heard = [drain(scaleIn), answered('CORDONED', 1)];
  expect(after(...heard, time(60_999, 1, 3)).drain?.failed).toBe(false);
  const failed = after(...heard, time(61_000, 1, 3));
  expect(failed).toMatchObject({ state: 'DRAINING', drain: { failed: true } });
  expect(nextDrainStatus(failed, answered('DRAINING')).state).toBe('DRAINED');
  expect(after(...heard, time(61_000, 0, 0)).drain?.failed).toBe(false);
});

test('whatever comes, a node without a drain is never DRAINING or DRAINED, and one that leaves never steps back', () => {
  const state = fc.constantFrom(...NODE_STATES);
  const count = fc.nat(2);
  const command = fc.record({
    commandId: fc.constantFrom('a', 'b', 'c'),
    reason: fc.constantFrom('scale-in' as const, 'operator' as const),
    issuedAtMs: fc.nat(5),
    deadlineAtMs: fc.nat(10),
  });
  const input: fc.Arbitrary<DrainInput> = fc.oneof(
    fc.constantFrom<DrainInput>({ kind: 'cordon' }, { kind: 'uncordon' }),
    command.map(drain),
    fc.record({
      kind: fc.constant('placementAnswered' as const),
      reportedState: state,
      reportedRooms: count,
      rooms: count,
      pendingClaims: fc.option(count, { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('timePassed' as const), nowMs: fc.nat(10), rooms: count, peers: count }),
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 20 }), (inputs) => {
      let status = SERVING_STATUS;
      for (const each of inputs) {
        const next = nextDrainStatus(status, each);
        if (!next.drain) expect(['SERVING', 'CORDONED']).toContain(next.state);
        const isReturn =
          status.state === 'DRAINED' && each.kind === 'timePassed' && each.rooms + each.peers > 0;
        if (isReturn) expect(next.state).toBe('DRAINING');
        else if (each.kind !== 'uncordon') {
          expect(NODE_STATES.indexOf(next.state)).toBeGreaterThanOrEqual(NODE_STATES.indexOf(status.state));
        }
        status = next;
      }
    }),
  );
});

test('a record is read as it was written, and nothing else is taken for one', () => {
  expect(unpackDrainCommand(packDrainCommand(scaleIn))).toEqual(scaleIn);
  for (const text of ['', '{}', 'null', '{"v":2}', packDrainCommand(scaleIn).replace('scale-in', '')]) {
    expect(unpackDrainCommand(text)).toBeUndefined();
  }
});
