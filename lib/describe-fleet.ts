import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { costFloor, type RegionCostFloor } from '../core/deployment/cost-floor';
import { resolveFleetConfig } from '../core/deployment/fleet-config';
import { buildFleetApp } from './fleet-app';
import { buildDefaultImageBundle } from './image-bundle';
import { loadConfig } from './load-config';

const CDK_JSON = join(__dirname, '..', 'cdk.json');

/**
 * What a config file comes to: every setting with its default, the resources per stack, and the monthly cost floor.
 * @throws FleetError FLEET_ERR_CONFIG
 */
export function describeFleet(file: string): string {
  const input = loadConfig(file);
  const config = resolveFleetConfig(input);
  const outdir = mkdtempSync(join(tmpdir(), 'fleet-config-check-'));
  try {
    const { context } = JSON.parse(readFileSync(CDK_JSON, 'utf8')) as { context: Record<string, unknown> };
    const app = new App({ outdir, context: { ...context, 'aws:cdk:bundling-stacks': [] } });
    buildFleetApp({
      scope: app,
      config: input,
      imageBundle: buildDefaultImageBundle(),
      deploymentId: 'check',
    });
    const synthesized = app.synth().stacks.map((stack) => {
      const { Resources = {} } = stack.template as { Resources?: Record<string, { Type: string }> };
      return { path: stack.hierarchicalId, types: Object.values(Resources).map(({ Type }) => Type) };
    });
    // In the order of the config, not in that of deployment.
    const stacks = config.regions.flatMap(({ name }) =>
      synthesized.filter(({ path }) => path.startsWith(`${name}/`)),
    );
    return [
      JSON.stringify(config, null, 2),
      ...stacks.map(({ path, types }) => `\n${path}: ${countOf(types.length)}\n${countLines(types)}`),
      ...costs(costFloor(config)),
      '',
    ].join('\n');
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function countLines(types: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([type, count]) => `${String(count).padStart(5)}  ${type}`)
    .join('\n');
}

function countOf(resources: number): string {
  return resources === 1 ? '1 resource' : `${resources} resources`;
}

function costs(floors: readonly RegionCostFloor[]): string[] {
  const total = floors.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0);
  return [
    ...floors.map(costLines),
    ...(floors.length > 1 ? [`\nall regions: at least ${total.toFixed(0)} US dollars a month`] : []),
  ];
}

function costLines({ region, items, usdPerMonth }: RegionCostFloor): string {
  const lines = items.map((item) => `${amount(item.usdPerMonth)}  ${item.what}`);
  return [
    `\n${region}: at least ${usdPerMonth.toFixed(0)} US dollars a month, before anybody talks (prices of us-east-1)`,
    ...lines,
  ].join('\n');
}

function amount(usd: number | undefined): string {
  return usd === undefined ? '  unknown' : usd.toFixed(2).padStart(9);
}
