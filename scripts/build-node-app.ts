import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildUnlessCurrent, writeWhole } from './build/build-cache';

const ROOT = resolve(__dirname, '..');

export interface BuildNodeAppOptions {
  /** @default dist/node-app of this checkout */
  outDir?: string;
  /** @default node-app/main.ts of this checkout */
  entry?: string;
  /** Called when the last build is not current, before the new one begins. */
  onBuild?: () => void;
}

export interface BuiltNodeApp {
  /** What `node` runs. */
  entry: string;
  /** False when the last build was still current. */
  built: boolean;
}

/** mediasoup finds its own files beside itself; what it needs at run time is installed, not bundled. */
const EXTERNAL = ['mediasoup'];

/**
 * Bundles one node's application into a single JavaScript file for plain Node, as an image or the local runner starts
 * it. A bundle starts several times faster than the sources and holds only what is used. The placement scripts lie
 * beside it in `commands/`, where their loader looks.
 */
export async function buildNodeApp(options: BuildNodeAppOptions = {}): Promise<BuiltNodeApp> {
  const outDir = options.outDir ?? join(ROOT, 'dist', 'node-app');
  const source = options.entry ?? join(ROOT, 'node-app', 'main.ts');
  const entry = join(outDir, 'main.js');
  const scripts = join(ROOT, 'core', 'placement', 'commands');
  const built = await buildUnlessCurrent({
    recordFile: join(outDir, '.build.json'),
    key: JSON.stringify([
      source,
      process.versions.node,
      await readFile(__filename, 'utf8'),
      await readFile(join(ROOT, 'package-lock.json'), 'utf8'),
    ]),
    outputs: [entry, `${entry}.map`],
    build: async () => {
      options.onBuild?.();
      // Loaded only to build: it starts a process of its own.
      const esbuild = await import('esbuild');
      const result = await esbuild.build({
        absWorkingDir: ROOT,
        entryPoints: [source],
        outfile: entry,
        bundle: true,
        platform: 'node',
        target: 'node24',
        format: 'cjs',
        external: EXTERNAL,
        sourcemap: 'linked',
        sourcesContent: false,
        keepNames: true,
        legalComments: 'none',
        metafile: true,
        write: false,
        logLevel: 'silent',
      });
      const scriptFiles = await readdir(scripts, { recursive: true });
      for (const name of scriptFiles.filter((file) => file.endsWith('.lua'))) {
        await writeWhole(join(outDir, 'commands', name), await readFile(join(scripts, name)));
      }
      // The entry last: whoever finds it finds everything else.
      for (const file of result.outputFiles.toReversed()) await writeWhole(file.path, file.contents);
      await esbuild.stop();
      return [
        ...Object.keys(result.metafile.inputs).map((file) => resolve(ROOT, file)),
        scripts,
        ...scriptFiles.map((name) => join(scripts, name)),
      ];
    },
  });
  return { entry, built };
}
