import { readdir, readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { buildUnlessCurrent, writeWhole } from './build/build-cache';

const ROOT = resolve(__dirname, '..');
const SDK_ENTRY = join(ROOT, 'web', 'sdk', 'index.ts');
const DEMO = join(ROOT, 'web', 'demo');
const CONSOLE = join(ROOT, 'web', 'console');
/** What of a page is copied as it is; the console's style sheet is bundled with that of its charts. */
const COPIED = { demo: ['.html', '.css', '.svg'], console: ['.html'] };

export interface BuildWebOptions {
  /** Gets `index.html` and what it loads, `fleet-sdk.js` and `fleet-sdk.mjs`, and in `console/` the console. */
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
 * - the demo page;
 * - the console, with the style sheet of its charts.
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
    {
      entryPoints: [join(CONSOLE, 'main.ts')],
      outfile: join(outDir, 'console', 'console.js'),
      format: 'iife',
    },
    { entryPoints: [join(CONSOLE, 'style.css')], outfile: join(outDir, 'console', 'style.css') },
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
      const inputs = [
        ...(await copyPage(DEMO, outDir, COPIED.demo)),
        ...(await copyPage(CONSOLE, join(outDir, 'console'), COPIED.console)),
      ];
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
async function copyPage(page: string, outDir: string, extensions: string[]): Promise<string[]> {
  const inputs = [page];
  for (const name of await readdir(page)) {
    if (!extensions.includes(extname(name))) continue;
    const file = join(page, name);
    inputs.push(file);
    await writeWhole(join(outDir, name), await readFile(file));
  }
  return inputs;
}
