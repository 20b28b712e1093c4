import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FleetError } from '../../../core/errors';
import { defineScript } from '../../../node-app/placement/script-loader';
import { readPlacement } from '../../../node-app/placement/script-result';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'fleet-scripts-'));
  mkdirSync(path.join(folder, 'includes'));
  writeFileSync(
    path.join(folder, 'includes', 'layout.lua'),
    "local AT, FORMAT = 8, '<dd'\nlocal NODES = KEYS[1]\n",
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function lua(source: string, constants: Record<string, number> = {}): string {
  return defineScript(folder, { name: 'test', keyCount: 1, source, constants }).lua;
}

test('constants are written where a script uses them', () => {
  const source = '--- @include "layout"\nreturn { NODES, FORMAT, AT + LIMIT, NEVER, LOSS }';
  const script = lua(source, { LIMIT: 3, NEVER: Number.POSITIVE_INFINITY, LOSS: -2 });
  expect(script.trim()).toBe("return { KEYS[1], '<dd', 8 + 3, math.huge, (-2) }");
});

test('an include counts once, however often it is asked for', () => {
  expect(lua('--- @include "layout"\n--- @include "layout"\nreturn AT').trim()).toBe('return 8');
});

test('texts, comments and parts of longer names stay as they are', () => {
  const source = "-- AT is where\nlocal x = call('AT') + THAT_AT + AT";
  expect(lua(`local AT = 8\n${source}`).trim()).toBe(source.replace(/AT$/, '8'));
});

test('what is computed stays a variable', () => {
  const source = 'local NOTHING, LIFE = {}, 30 * 24\nlocal SUM = 1 + 2\n  local INNER = 5\nreturn LIFE';
  expect(lua(source)).toBe(source);
});

test('lines stay where they are, so that error messages name the right one', () => {
  expect(lua('local AT = 8\nreturn AT').split('\n')).toEqual(['', 'return 8']);
});

test.each([
  ['set twice', 'local AT = 1\nlocal AT = 2', {}],
  ['a setting as well', 'local AT = 1', { AT: 2 }],
  ['without a value', 'local AT, FROM = 1', {}],
  ['no number', 'return AT', { AT: Number.NaN }],
])('a constant that is %s is an error', (_what, source, constants) => {
  expect(() => lua(source, constants)).toThrow();
});

test('an answer of placePeer that is neither a placement nor a refusal is an error of ours', () => {
  const codeOf = (answer: unknown): string => {
    try {
      readPlacement('room', answer);
      return 'none';
    } catch (error) {
      return FleetError.from(error).code;
    }
  };
  expect([null, 'text', [0, 'node'], [7]].map(codeOf)).toEqual(Array(4).fill('FLEET_ERR_INTERNAL'));
  expect(codeOf([1, 5_000])).toBe('FLEET_ERR_NO_CAPACITY');
});
