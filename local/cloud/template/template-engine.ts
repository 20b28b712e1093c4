import type { CloudIdentity } from '../cloud-identity';
import type { CloudJournal } from '../journal';
import type { ResourceType } from '../ports/resource-type';
import type { AssemblyAssets } from './assembly-assets';
import type { AssemblyStack, CloudAssembly } from './cloud-assembly';
import type { DeployedResource, DeployedStack } from './deployed-stack';
import type { DynamicValues } from './dynamic-references';
import { isInert, strippedPaths } from './not-simulated';
import { StackDeployment } from './stack-deployment';
import { reasonOf, TemplateError } from './template-error';
import { TypeRegistry } from './type-registry';

export interface TemplateEngineOptions {
  identity: CloudIdentity;
  /** How each type is played; the first of a name counts. */
  types: readonly ResourceType[];
  /** Told of every assembly before its resources are made. */
  assets: AssemblyAssets;
  values: DynamicValues;
  journal: Pick<CloudJournal, 'add'>;
  /** Of a region, for `Fn::GetAZs`. @default its a, b and c */
  availabilityZones?: (region: string) => readonly string[];
}

/** A resource as other parts of the local cloud may look at it. */
export interface StackResource {
  stackName: string;
  logicalId: string;
  type: string;
  /** What is honoured, by its type's schema. */
  properties: unknown;
  ref: string;
  attributes: Readonly<Record<string, string>>;
}

/**
 * CloudFormation: plays the stacks of a region, as `cdk deploy --all` would deploy them, one after the other. When one
 * fails, it is as before, and those after it are not touched.
 */
export class TemplateEngine {
  private readonly registry: TypeRegistry;
  private readonly stacks = new Map<string, DeployedStack>();
  private isDeploying = false;

  constructor(private readonly options: TemplateEngineOptions) {
    this.registry = new TypeRegistry(options.types);
  }

  /** Creates the stacks, or updates those that are there. @throws TemplateError */
  async deploy(assembly: CloudAssembly): Promise<void> {
    if (this.isDeploying) throw new TemplateError('a deployment is under way');
    this.isDeploying = true;
    try {
      this.registry.check(assembly.stacks);
      this.options.assets.add(assembly);
      for (const source of assembly.stacks) await this.deployStack(source);
    } finally {
      this.isDeploying = false;
    }
  }

  /** Of a stack, by output name. Undefined: there is no such stack. */
  outputs(stackName: string): Readonly<Record<string, string>> | undefined {
    const stack = this.stacks.get(stackName);
    return stack && Object.fromEntries(stack.outputs);
  }

  /** All resources, or all of a type. */
  resources(type?: string): StackResource[] {
    return [...this.stacks.values()].flatMap(({ name, resources }) =>
      [...resources]
        .filter(([, { typeName }]) => type === undefined || typeName === type)
        .map(([logicalId, { typeName, input, created }]) => ({
          stackName: name,
          logicalId,
          type: typeName,
          properties: input.properties,
          ref: created.ref,
          attributes: created.attributes ?? {},
        })),
    );
  }

  /** One line for each property of the templates that changes something on AWS and nothing here. */
  notSimulated(): string[] {
    const found = new Map<string, string[]>();
    for (const { resources } of this.stacks.values()) {
      for (const [logicalId, resource] of resources) {
        for (const path of this.notHonoured(resource)) {
          const name = `${resource.typeName}.${path}`;
          found.set(name, [...(found.get(name) ?? []), logicalId]);
        }
      }
    }
    return [...found].map(([name, logicalIds]) => `not simulated: ${name} (${logicalIds.join(', ')})`);
  }

  private notHonoured({ type, resolved, input }: DeployedResource): string[] {
    return strippedPaths(resolved, input.properties).filter((path) => !isInert(path, type.inert));
  }

  private async deployStack(source: AssemblyStack): Promise<void> {
    const { name } = source;
    const { identity, values, journal } = this.options;
    const previous = this.stacks.get(name);
    const verb = previous ? 'UPDATE' : 'CREATE';
    const tell = (message: string): void =>
      journal.add({ kind: 'deployment', message: `${name}: ${message}` });
    tell(`${verb}_IN_PROGRESS`);
    try {
      const deployment = new StackDeployment({
        identity,
        availabilityZones: this.options.availabilityZones ?? defaultZones,
        source,
        previous,
        stacks: this.stacks,
        types: this.registry,
        values,
        onChange: tell,
      });
      this.stacks.set(name, await deployment.run());
    } catch (error) {
      tell(`${previous ? 'UPDATE_ROLLBACK_COMPLETE' : 'ROLLBACK_COMPLETE'}: ${reasonOf(error)}`);
      throw error;
    }
    tell(`${verb}_COMPLETE`);
  }
}

function defaultZones(region: string): string[] {
  return ['a', 'b', 'c'].map((letter) => region + letter);
}
