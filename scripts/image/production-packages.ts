import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

export type PackageLock = z.infer<typeof lockSchema>;

export async function readPackageLock(file: string): Promise<PackageLock> {
  return lockSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/**
 * Folders (`node_modules/…`) of a package and of everything that it needs to run, as npm installed them, sorted.
 * Found as Node finds them: in the package's own node_modules first, then in those above it.
 * @throws Error when the lock file lacks a package that is not optional
 */
export function productionPackages(lock: PackageLock, name: string): string[] {
  const found = new Set<string>();
  const visit = (wanted: string, from: string, optional: boolean): void => {
    const folder = resolveFrom(lock, wanted, from);
    if (folder === undefined) {
      if (optional) return;
      throw new Error(`package-lock.json lacks ${wanted}, which ${from || 'this package'} needs: run npm ci`);
    }
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = lock.packages[folder] ?? {};
    for (const dependency of Object.keys(dependencies)) {
      visit(dependency, folder, dependency in optionalDependencies);
    }
    for (const dependency of Object.keys(optionalDependencies)) visit(dependency, folder, true);
  };
  visit(name, '', false);
  return [...found].sort();
}

/** Version and integrity of a package at the top level. @throws Error when the lock file does not have them */
export function lockedPackage(lock: PackageLock, name: string): { version: string; integrity: string } {
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json lacks ${name}`);
  return { version, integrity };
}

function resolveFrom(lock: PackageLock, wanted: string, from: string): string | undefined {
  for (let folder = from; ; folder = parentOf(folder)) {
    const candidate = posix.join(folder, 'node_modules', wanted);
    if (lock.packages[candidate] !== undefined) return candidate;
    if (folder === '') return undefined;
  }
}

/** The package in whose node_modules this one lies; empty at the top. */
function parentOf(folder: string): string {
  const at = folder.lastIndexOf('/node_modules/');
  return at < 0 ? '' : folder.slice(0, at);
}
