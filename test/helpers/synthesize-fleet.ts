import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { FleetConfigInput } from '../../core/deployment/fleet-config-schema';
import { buildFleetApp } from '../../lib/fleet-app';
import type { FleetRegion } from '../../lib/fleet-region';

export const ROOT = resolve(__dirname, '..', '..');

export const EU = {
  name: 'eu-central-1',
  availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
};
export const US = { name: 'us-east-1', availabilityZones: ['us-east-1a', 'us-east-1b'] };
export const AP = { name: 'ap-southeast-2', availabilityZones: ['ap-southeast-2a', 'ap-southeast-2b'] };

/** One region, everything else at its default. */
export const ONE_REGION: FleetConfigInput = {
  regions: [EU],
  domain: { name: 'calls.example.com', hostedZoneId: 'Z0123456789EXAMPLE' },
};

const VALIDATE = '@aws-cdk/core:validateAgainstDefaultRules';

export interface SynthesizeOptions {
  config?: Partial<FleetConfigInput>;
  /** Content of the app in the image bundle. @default 'app' */
  app?: string;
  deploymentId?: string;
}

/**
 * The flags that the default app is synthesized with, without what tests of templates don't need: the bundling of Lambdas
 * and, unless `validated`, CloudFormation's rules, whose engine takes several seconds to start.
 */
export function testContext({ validated = false } = {}): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  return { ...context, [VALIDATE]: validated, 'aws:cdk:bundling-stacks': [] };
}

/** A stand-in for the image bundle. The caller removes it. */
export function makeImageBundle(app = 'app'): string {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-image-bundle-'));
  mkdirSync(join(dir, 'app'));
  writeFileSync(join(dir, 'install.sh'), '#!/bin/bash\n');
  writeFileSync(join(dir, 'app', 'main.js'), app);
  return dir;
}

export interface SynthesizedFleet {
  app: App;
  regions: readonly FleetRegion[];
  /** Of a stack of the first region, or of the one named. */
  template(stack: keyof FleetRegion['stacks'] | 'secrets', region?: string): Template;
}

/** The default app's templates, synthesized in this process. */
export function synthesizeFleet(options: SynthesizeOptions = {}): SynthesizedFleet {
  const outdir = mkdtempSync(join(tmpdir(), 'fleet-cdk-out-'));
  const imageBundle = makeImageBundle(options.app);
  try {
    const app = new App({ context: testContext(), outdir });
    const { regions } = buildFleetApp({
      scope: app,
      config: { ...ONE_REGION, ...options.config },
      imageBundle,
      deploymentId: options.deploymentId ?? 'test',
    });
    app.synth();
    const templates = new Map<string, Template>();
    for (const region of regions) {
      for (const stack of [region.secretsStack, ...Object.values(region.stacks)]) {
        if (stack) templates.set(stack.node.path, Template.fromStack(stack));
      }
    }
    return {
      app,
      regions,
      template(stack, region = regions[0]?.node.id) {
        const template = templates.get(`${region}/${stack}`);
        if (!template) throw new Error(`there is no stack ${region}/${stack}`);
        return template;
      },
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
    rmSync(imageBundle, { recursive: true, force: true });
  }
}

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  UpdatePolicy?: Record<string, unknown>;
  DependsOn?: string | string[];
}

/** Resources of a type, by logical id. */
export function resourcesOf(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** The one resource of a type. @throws when there is none or another */
export function onlyResource(template: Template, type: string): Resource {
  const found = Object.values(resourcesOf(template, type));
  const [resource] = found;
  if (!resource || found.length > 1) throw new Error(`${found.length} resources of type ${type}`);
  return resource;
}
