import { z } from 'zod';
import type { CloudOccurrence } from '../../../local/cloud/journal';
import type { CreatedResource, ResourceInput, ResourceType } from '../../../local/cloud/ports/resource-type';
import { AssemblyAssets } from '../../../local/cloud/template/assembly-assets';
import type { CloudAssembly } from '../../../local/cloud/template/cloud-assembly';
import type { DynamicValues } from '../../../local/cloud/template/dynamic-references';
import { TemplateEngine } from '../../../local/cloud/template/template-engine';
import { templateSchema } from '../../../local/cloud/template/template-schema';

export const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };

const thingSchema = z.object({
  Name: z.string().optional(),
  Size: z.coerce.number().optional(),
  Value: z.unknown().optional(),
  Items: z.array(z.object({ Id: z.string() })).optional(),
});
type Thing = z.infer<typeof thingSchema>;

/** A type that records what is done to it, and fails when it is told to. */
export class ThingType implements ResourceType<Thing> {
  readonly type = 'Test::Thing';
  readonly properties = thingSchema;
  readonly inert = ['Tags', 'Items.Note', 'Deep.*.Known'];
  readonly calls: string[] = [];
  /** By logical id: its properties as they stand. */
  readonly things = new Map<string, Thing>();
  /** Calls that fail, e.g. `update A`. */
  readonly failing = new Set<string>();

  create({ logicalId, properties }: ResourceInput<Thing>): CreatedResource {
    this.call(`create ${logicalId}`);
    this.things.set(logicalId, properties);
    return this.describe(logicalId, properties);
  }

  async update(
    { logicalId, properties }: ResourceInput<Thing>,
    previous: ResourceInput<Thing>,
  ): Promise<CreatedResource> {
    await Promise.resolve();
    this.calls.push(`update ${logicalId} ${String(previous.properties.Value)} → ${String(properties.Value)}`);
    this.things.set(logicalId, properties);
    if (this.failing.delete(`update ${logicalId}`)) throw new Error('it does not want to');
    return this.describe(logicalId, properties);
  }

  remove({ logicalId }: ResourceInput<Thing>): void {
    this.call(`remove ${logicalId}`);
    this.things.delete(logicalId);
  }

  private call(name: string): void {
    this.calls.push(name);
    if (this.failing.has(name)) throw new Error('it does not want to');
  }

  private describe(logicalId: string, { Value }: Thing): CreatedResource {
    return {
      ref: `ref-${logicalId}`,
      attributes: { Arn: `arn-${logicalId}`, Value: String(Value), 'Deep.List': 'a,b,c' },
    };
  }
}

/** Can't be updated. */
export class FixedType implements ResourceType<{ Value: string }> {
  readonly type = 'Test::Fixed';
  readonly properties = z.object({ Value: z.string() });
  readonly inert = [];
  readonly calls: string[] = [];

  create({ properties }: ResourceInput<{ Value: string }>): CreatedResource {
    this.calls.push(`create ${properties.Value}`);
    return { ref: properties.Value };
  }

  remove({ properties }: ResourceInput<{ Value: string }>): void {
    this.calls.push(`remove ${properties.Value}`);
  }
}

export const VALUES: DynamicValues = {
  secret: ({ secretId, jsonKey }) => `secret of ${secretId} at ${jsonKey}`,
  parameter: (name) => `parameter ${name}`,
};

export interface TestEngine {
  engine: TemplateEngine;
  things: ThingType;
  fixed: FixedType;
  messages: string[];
}

export function testEngine(types: readonly ResourceType[] = []): TestEngine {
  const things = new ThingType();
  const fixed = new FixedType();
  const messages: string[] = [];
  const engine = new TemplateEngine({
    identity: IDENTITY,
    types: [...types, things, fixed],
    assets: new AssemblyAssets(),
    values: VALUES,
    journal: {
      add: (occurrence: CloudOccurrence) => {
        if (occurrence.kind === 'deployment') messages.push(occurrence.message);
      },
    },
  });
  return { engine, things, fixed, messages };
}

/** Templates by stack name, in their order. */
export function assemblyOf(templates: Record<string, object>): CloudAssembly {
  return {
    region: IDENTITY.region,
    stacks: Object.entries(templates).map(([name, template]) => ({
      name,
      template: templateSchema.parse(template),
    })),
    assets: new Map(),
  };
}
