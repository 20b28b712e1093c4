import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A Lua script as Redis knows it. */
export interface PlacementScript {
  name: string;
  /** Keys it gets at least; the number in its file's name. */
  keyCount: number;
  lua: string;
  /** What EVALSHA names it by. */
  sha: string;
}

const INCLUDE = /^--- @include "([\w-]+)"$/gm;

/**
 * Where the scripts are: in the bundled app a folder `commands` beside main.js, in the source tree
 * `core/placement/commands`. @throws Error when there is neither
 */
export function defaultCommandsFolder(): string {
  const candidates = [
    path.join(__dirname, 'commands'),
    path.join(__dirname, '..', '..', 'core', 'placement', 'commands'),
  ];
  const folder = candidates.find((candidate) => existsSync(candidate));
  if (!folder) throw new Error(`the placement scripts are in none of ${candidates.join(', ')}`);
  return folder;
}

/**
 * The deployment's settings become constants of the script: they cost nothing there, where as arguments they would
 * be sent and read with every call. Gateways with other settings run a script of their own.
 *
 * Reads `<name>-<keys>.lua` and puts in what it includes: a line `--- @include "x"` stands for
 * `includes/x.lua`, the first time it occurs. @throws Error when a file is missing
 */
export function loadScript(
  commandsFolder: string,
  fileName: string,
  constants: Readonly<Record<string, number>>,
): PlacementScript {
  const match = /^(\w+)-(\d+)\.lua$/.exec(fileName);
  if (!match?.[1] || !match[2]) throw new Error(`not a script's file name: ${fileName}`);
  return defineScript(commandsFolder, {
    name: match[1],
    keyCount: Number(match[2]),
    source: readFileSync(path.join(commandsFolder, fileName), 'utf8'),
    constants,
  });
}

/** Like {@link loadScript}, for a script that isn't in a file of its own. */
export function defineScript(
  commandsFolder: string,
  options: { name: string; keyCount: number; source: string; constants: Readonly<Record<string, number>> },
): PlacementScript {
  const { name, keyCount, source, constants } = options;
  const included = new Set<string>();
  const expand = (text: string): string =>
    text.replace(INCLUDE, (_line, include: string) => {
      if (included.has(include)) return '';
      included.add(include);
      return expand(readFileSync(path.join(commandsFolder, 'includes', `${include}.lua`), 'utf8'));
    });
  const lua = foldConstants(expand(source), constants);
  return { name, keyCount, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** `local A, B = 1, KEYS[2]` at the top level: names in capitals, and numbers, texts or keys, which never change. */
const CONSTANTS =
  /^local ([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) = ((?:(?:, )?(?:[\d.]+|'[^'\n,]*'|KEYS\[\d+\]))+)$/gm;
/** A text or comment, in which nothing is replaced, or a name in capitals. */
const TEXT_OR_NAME = /'[^'\n]*'|--[^\n]*|\b[A-Z][A-Z0-9_]*\b/g;

/**
 * Writes constants where they are used. Lua 5.1 makes each function of a script anew with every call, and with it
 * an object for each outer variable that the function uses: as variables the constants would cost more than all
 * that a join computes. Lines stay where they are, so that Redis' error messages name the right one.
 * @throws Error on a constant that is set twice or without a value
 */
function foldConstants(lua: string, settings: Readonly<Record<string, number>>): string {
  const values = new Map(Object.entries(settings).map(([name, value]) => [name, luaNumber(value)]));
  const body = lua.replace(CONSTANTS, (_line, names: string, literals: string) => {
    const parts = literals.split(', ');
    for (const [i, name] of names.split(', ').entries()) {
      const value = parts[i];
      if (value === undefined || values.has(name))
        throw new Error(`constant ${name} of a script: once, with a value`);
      values.set(name, value);
    }
    return '';
  });
  return body.replace(TEXT_OR_NAME, (word) => values.get(word) ?? word);
}

/** @throws RangeError on what is no number for Lua */
function luaNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'math.huge';
  if (!Number.isFinite(value)) throw new RangeError(`not a setting for a script: ${value}`);
  return value < 0 ? `(${value})` : String(value);
}
