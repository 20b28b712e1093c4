import { readdir, readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { buildUnlessCurrent, writeWhole } from './build/build-cache';

const ROOT = resolve(__dirname, '..');
const SDK_ENTRY = join(ROOT, 'web', 'sdk', 'index.ts');
const DEMO = join(ROOT, 'web', 'demo');
/** What the demo page consists of beside its script. */
const COPIED = new Set(['.html', '.css', '.svg']);

export interface BuildWebOptions {
  /** Gets `index.html` and what it loads, `fleet-sdk.js` and `fleet-sdk.mjs`. */
  outDir: string;
  /** Called when the last build is not current, before the new one begins. */
  onBuild?: () => void;
}

/** Everything in here runs in browsers two years old. */
const BROWSERS = ['chrome111', 'edge111', 'firefox120', 'safari16'];

/**
 * Builds what browsers load:
 * - `fleet-sdk.js`: the SDK for a script tag, as the global `MediasoupFleet`;
 * - `fleet-sdk.mjs`: the SDK for `import` and for bundlers. mediasoup-client is inside both: the SDK works with
 *   exactly the version it was tested with, and one file is all that a page needs;
 * - the demo page.
 */
export async function buildWeb({ outDir, onBuild }: BuildWebOptions): Promise<{ built: boolean }> {
  const bundles: BuildOptions[] = [
    {
      entryPoints: [SDK_ENTRY],
      outfile: join(outDir, 'fleet-sdk.js'),
      format: 'iife',
      globalName: 'MediasoupFleet',
    },
    { entryPoints: [SDK_ENTRY], outfile: join(outDir, 'fleet-sdk.mjs'), format: 'esm' },
    { entryPoints: [join(DEMO, 'main.ts')], outfile: join(outDir, 'main.js'), format: 'iife' },
  ];
  const outputs = bundles.flatMap(({ outfile = '' }) => [outfile, `${outfile}.map`]);
  const built = await buildUnlessCurrent({
    recordFile: join(outDir, '.build.json'),
    key: JSON.stringify([
      outDir,
      await readFile(__filename, 'utf8'),
      await readFile(join(ROOT, 'package-lock.json'), 'utf8'),
    ]),
    outputs,
    build: async () => {
      onBuild?.();
      const inputs = await copyPages(outDir);
      for (const bundle of bundles) inputs.push(...(await build(bundle)));
      return inputs;
    },
  });
  return { built };
}

async function build(bundle: BuildOptions): Promise<string[]> {
  // Loaded only to build. Not its shared service, which another build of this process may stop at any time.
  const { buildSync } = await import('esbuild');
  const result = buildSync({
    ...bundle,
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'browser',
    target: BROWSERS,
    minify: true,
    sourcemap: 'linked',
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  for (const file of (result.outputFiles ?? []).toReversed()) await writeWhole(file.path, file.contents);
  return Object.keys(result.metafile?.inputs ?? {}).map((file) => resolve(ROOT, file));
}

/** Gives the files read, and their folder, so that a new one is noticed. */
async function copyPages(outDir: string): Promise<string[]> {
  const inputs = [DEMO];
  for (const name of await readdir(DEMO)) {
    if (!COPIED.has(extname(name))) continue;
    const file = join(DEMO, name);
    inputs.push(file);
    await writeWhole(join(outDir, name), await readFile(file));
  }
  return inputs;
}
