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
 * The deployment's settings stand in front of a script as constants: they cost nothing there, where as arguments
 * they would be sent and read with every call. Gateways with other settings run a script of their own.
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
  const names = Object.keys(constants);
  const values = Object.values(constants).map(luaNumber);
  const lua = `local ${names.join(', ')} = ${values.join(', ')}\n${expand(source)}`;
  return { name, keyCount, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** @throws RangeError on what is no number for Lua */
function luaNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'math.huge';
  if (!Number.isFinite(value)) throw new RangeError(`not a setting for a script: ${value}`);
  return String(value);
}
