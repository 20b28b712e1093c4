import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '..');

export interface CloudAssemblyOptions {
  /** The deployment config. */
  configFile: string;
  /** Merged over it, e.g. `{ image: { revision: 2 } }`. @default nothing */
  overrides?: object | undefined;
  /** What every instance can safely send, Mbit/s, so that one machine can fill it. @default what its type can */
  capacityMbps?: number | undefined;
  /** Where assemblies are kept. @default dist/cloud-assembly of this checkout */
  outDir?: string;
  /** Called before a synthesis, which takes a while. */
  onBuild?: () => void;
}

export interface BuiltCloudAssembly {
  /** The folder, as `cdk synth` writes it. Never changed again. */
  folder: string;
  built: boolean;
}

/** Everything that decides what is synthesized. */
const INPUT_FOLDERS = ['bin', 'core', 'lib', 'lambdas', 'node-app', 'web', 'scripts'];
const INPUT_FILES = ['package-lock.json', 'cdk.json', 'tsconfig.json'];
/** Assemblies that were not used for so long are removed, milliseconds: a release or two ago. */
const KEPT_MS = 24 * 3_600_000;
/** A synthesis takes 15 s; on a busy machine several times that. */
const TIMEOUT_MS = 300_000;

const run = promisify(execFile);

/**
 * Synthesizes the CDK app for the local cloud, unless it was done before from the same sources: folders are named after
 * all that they are made from. @throws Error with what the app said, one line for each mistake in the config
 */
export async function buildCloudAssembly(options: CloudAssemblyOptions): Promise<BuiltCloudAssembly> {
  const outDir = options.outDir ?? join(ROOT, 'dist', 'cloud-assembly');
  const key = await inputsHash(options);
  const folder = join(outDir, key);
  if (await isThere(folder)) return { folder, built: false };
  options.onBuild?.();
  // An ES module, as the whole set-up; loaded only to build.
  const { withLock } = await import('./setup/lock.mjs');
  // One at a time: they share the bundles that they build, and most of the work is found done.
  return withLock({ file: join(outDir, '.lock'), onWait: () => undefined }, async () => {
    if (await isThere(folder)) return { folder, built: false };
    const partial = join(outDir, `.${process.pid}.partial`);
    try {
      await synthesize(options, partial);
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    await removeUnused(outDir);
    return { folder, built: true };
  });
}

async function synthesize(options: CloudAssemblyOptions, outDir: string): Promise<void> {
  const { context } = JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8')) as { context: object };
  const { configFile, overrides, capacityMbps } = options;
  try {
    await run(process.execPath, ['--require', require.resolve('tsx/cjs'), join(ROOT, 'bin', 'app.ts')], {
      cwd: ROOT,
      timeout: TIMEOUT_MS,
      env: {
        ...process.env,
        CDK_OUTDIR: outDir,
        CDK_CONTEXT_JSON: JSON.stringify({
          ...context,
          // CloudFormation's rules are for who deploys; their engine takes longer than all the rest.
          '@aws-cdk/core:validateAgainstDefaultRules': false,
          config: resolve(configFile),
          ...(overrides && { overrides: JSON.stringify(overrides) }),
          ...(capacityMbps !== undefined && { capacityMbps: String(capacityMbps) }),
        }),
      },
    });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    // The CDK tells what it bundles before what went wrong.
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Bundling asset '));
    throw new Error(lines.join('\n') || String(error), { cause: error });
  }
}

async function isThere(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, 'manifest.json'))) return false;
  // Used: see removeUnused.
  const now = new Date();
  await utimes(folder, now, now).catch(() => undefined);
  return true;
}

async function removeUnused(outDir: string): Promise<void> {
  for (const name of await readdir(outDir)) {
    const path = join(outDir, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function inputsHash({ configFile, overrides, capacityMbps }: CloudAssemblyOptions): Promise<string> {
  const hash = createHash('sha256').update(
    JSON.stringify([process.versions.node, overrides ?? null, capacityMbps ?? null]),
  );
  const folders = await Promise.all(INPUT_FOLDERS.map((folder) => filesBelow(join(ROOT, folder))));
  const files = [
    ...folders.flat().sort(),
    ...INPUT_FILES.map((name) => join(ROOT, name)),
    resolve(configFile),
  ];
  const contents = await Promise.all(files.map((file) => readFile(file).catch(() => Buffer.from('absent'))));
  for (const [index, content] of contents.entries()) {
    hash.update(`${relative(ROOT, files[index] ?? '')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 20);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
