import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { reasonOf, TemplateError } from './template-error';
import { templateSchema, type StackTemplate } from './template-schema';

/** One stack of a cloud assembly. */
export interface AssemblyStack {
  /** E.g. `fleet-network`. */
  name: string;
  template: StackTemplate;
}

/** What `cdk synth` wrote for one region. */
export interface CloudAssembly {
  region: string;
  /** Every stack after those that it depends on. */
  stacks: readonly AssemblyStack[];
  /** Files and folders that templates refer to, by object key in the bucket of assets. */
  assets: ReadonlyMap<string, string>;
}

export interface ReadAssemblyOptions {
  /** E.g. `cdk.out`. */
  folder: string;
  /** Only stacks of this region are read. */
  region: string;
}

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).default({}),
      dependencies: z.array(z.string()).default([]),
    }),
  ),
});
type Artifact = z.infer<typeof manifestSchema>['artifacts'][string];

const assetsSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

const STACK = 'aws:cloudformation:stack';
const ASSETS = 'cdk:asset-manifest';

/** @throws TemplateError when it is not there, is not one, or has nothing for the region */
export function readCloudAssembly({ folder, region }: ReadAssemblyOptions): CloudAssembly {
  const { artifacts } = readManifest(folder);
  const inRegion = Object.entries(artifacts).filter(
    ([, artifact]) => artifact.type === STACK && regionOf(artifact) === region,
  );
  if (inRegion.length === 0) throw noSuchRegion(folder, region, Object.values(artifacts));
  const ordered = inDependencyOrder(inRegion, artifacts);
  const stacks = ordered.map(([id, artifact]) => ({
    name: text(artifact, 'stackName') ?? id,
    template: readJson(join(folder, text(artifact, 'templateFile') ?? ''), templateSchema),
  }));
  return { region, stacks, assets: readAssets(folder, inRegion, artifacts) };
}

/**
 * The region that makes what the others share: of the stack `secrets`. Other assemblies have one region.
 * @throws TemplateError when it is not there, or has no stacks
 */
export function primaryRegion(folder: string): string {
  const { artifacts } = readManifest(folder);
  const stacks = Object.values(artifacts).filter(({ type }) => type === STACK);
  const primary = stacks.find((artifact) => text(artifact, 'stackName')?.endsWith('-secrets')) ?? stacks[0];
  if (!primary) throw new TemplateError(`the cloud assembly in ${folder} has no stacks`);
  return regionOf(primary);
}

function readManifest(folder: string): z.infer<typeof manifestSchema> {
  const manifestPath = join(folder, 'manifest.json');
  if (!existsSync(manifestPath)) {
    throw new TemplateError(`there is no cloud assembly in ${folder}: synthesize it with npm run synth`);
  }
  return readJson(manifestPath, manifestSchema);
}

function readAssets(
  folder: string,
  stacks: [string, Artifact][],
  artifacts: Record<string, Artifact>,
): Map<string, string> {
  const assets = new Map<string, string>();
  for (const [, { dependencies }] of stacks) {
    for (const id of dependencies) {
      const manifest = artifacts[id];
      if (manifest?.type !== ASSETS) continue;
      const { files } = readJson(join(folder, text(manifest, 'file') ?? ''), assetsSchema);
      for (const { source, destinations } of Object.values(files)) {
        if (source.path === undefined) continue;
        for (const { objectKey } of Object.values(destinations)) {
          assets.set(objectKey, resolve(folder, source.path));
        }
      }
    }
  }
  return assets;
}

/** By the manifest's own dependencies. Those on stacks of another region are taken as met. */
function inDependencyOrder(
  stacks: [string, Artifact][],
  artifacts: Record<string, Artifact>,
): [string, Artifact][] {
  const chosen = new Map(stacks);
  const done = new Set<string>();
  const ordered: [string, Artifact][] = [];
  const visit = (id: string): void => {
    if (done.has(id)) return;
    done.add(id);
    for (const dependency of artifacts[id]?.dependencies ?? []) visit(dependency);
    const artifact = chosen.get(id);
    if (artifact) ordered.push([id, artifact]);
  };
  for (const [id] of stacks) visit(id);
  return ordered;
}

function noSuchRegion(folder: string, region: string, artifacts: Artifact[]): TemplateError {
  const stacks = artifacts.filter(({ type }) => type === STACK);
  const regions = [...new Set(stacks.map((artifact) => regionOf(artifact)))];
  const there = regions.length === 0 ? 'it has no stacks at all' : `it has ${regions.join(', ')}`;
  return new TemplateError(`the cloud assembly in ${folder} has nothing for region ${region}: ${there}`);
}

/** Of `aws://unknown-account/eu-central-1`. */
function regionOf({ environment }: Artifact): string {
  return environment?.split('/').at(-1) ?? 'unknown-region';
}

function text({ properties }: Artifact, name: string): string | undefined {
  const value = properties[name];
  return typeof value === 'string' ? value : undefined;
}

function readJson<T>(path: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new TemplateError(`${path} can not be read: ${reasonOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new TemplateError(`${path} is not what it should be: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
