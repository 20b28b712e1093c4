import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ResourceInput } from '../ports/resource-type';
import type { AssemblyStack } from './cloud-assembly';
import { emptyStack, type DeployedResource, type DeployedStack } from './deployed-stack';
import { resolveDynamic, type DynamicValues } from './dynamic-references';
import { resolveIntrinsics } from './intrinsics';
import { inCreationOrder } from './references';
import { StackScope, type StackScopeOptions } from './stack-scope';
import { reasonOf, TemplateError } from './template-error';
import type { TemplateResource } from './template-schema';
import type { TypeRegistry } from './type-registry';

export interface StackDeploymentOptions extends Pick<StackScopeOptions, 'identity' | 'availabilityZones'> {
  source: AssemblyStack;
  /** As it stands; undefined for a new stack. */
  previous: DeployedStack | undefined;
  /** All of the region, this one too, as they stand. */
  stacks: ReadonlyMap<string, DeployedStack>;
  types: TypeRegistry;
  values: DynamicValues;
  /** Told of each resource that changes. */
  onChange: (message: string) => void;
}

/** What takes one change back. */
interface Undo {
  logicalId: string;
  run: () => void | Promise<void>;
}

/**
 * One stack on its way to another template: new and changed resources in the order of their dependencies, and then, when
 * all of that went well, those that are gone, in reverse (CloudFormation user guide, "Update behaviors of stack
 * resources" and stack status codes: the clean-up follows the update). CloudFormation works on several resources at once;
 * here it is one after the other, so that each run is the same.
 */
export class StackDeployment {
  private readonly scope: StackScope;
  private readonly next: DeployedStack;
  private readonly undos: Undo[] = [];

  constructor(private readonly options: StackDeploymentOptions) {
    const { source, values } = options;
    this.next = emptyStack(source.name);
    this.scope = new StackScope({ ...options, values, template: source.template, stack: this.next });
  }

  /** @throws TemplateError after everything was taken back */
  async run(): Promise<DeployedStack> {
    const { source } = this.options;
    try {
      for (const logicalId of inCreationOrder(source.name, source.template)) {
        const resource = source.template.Resources[logicalId];
        if (!resource) continue;
        if (resource.Condition !== undefined && !this.scope.condition(resource.Condition)) continue;
        await this.bring(logicalId, resource);
      }
      this.resolveOutputs();
      this.checkExports();
    } catch (error) {
      await this.rollBack(error);
    }
    await this.cleanUp();
    return this.next;
  }

  private async bring(logicalId: string, resource: TemplateResource): Promise<void> {
    const { source, types, values } = this.options;
    const where = `${source.name}.${logicalId}`;
    const type = types.find(resource.Type);
    if (!type) throw new TemplateError(`the local cloud does not play ${resource.Type} (${where})`);
    const resolved = resolveIntrinsics(resource.Properties, this.scope, `${where}.Properties`);
    const updatePolicy = resolveIntrinsics(resource.UpdatePolicy, this.scope, `${where}.UpdatePolicy`);
    const given = resolveDynamic(resolved, values, `${where}.Properties`);
    const parsed = type.properties.safeParse(given);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(
        ({ path, message }) => `${z.core.toDotPath(path)}: ${message}`,
      );
      throw new TemplateError(`${where} (${resource.Type}): ${problems.join('; ')}`);
    }
    const input: ResourceInput<unknown> = {
      stackName: source.name,
      logicalId,
      typeName: resource.Type,
      properties: parsed.data,
      updatePolicy,
    };
    const old = this.options.previous?.resources.get(logicalId);
    if (old && old.typeName !== resource.Type) {
      throw new TemplateError(`${where}: a ${old.typeName} can not become a ${resource.Type}`);
    }
    const next = { typeName: resource.Type, type, input, resolved };
    try {
      const created =
        old && isDeepStrictEqual(old.resolved, resolved) ? old.created : await this.change(next, old);
      this.next.resources.set(logicalId, { ...next, created });
    } catch (cause) {
      throw new TemplateError(`${where} (${resource.Type}): ${reasonOf(cause)}`, { cause });
    }
  }

  /** Creates, updates or replaces. */
  private async change(
    { type, typeName, input }: Omit<DeployedResource, 'created'>,
    old: DeployedResource | undefined,
  ): Promise<DeployedResource['created']> {
    const { logicalId } = input;
    if (this.options.previous) {
      this.options.onChange(`${old ? 'updates' : 'creates'} ${logicalId} (${typeName})`);
    }
    if (old && type.update) {
      const update = type.update.bind(type);
      // First: an update that fails half-way is taken back too.
      this.undos.push({
        logicalId,
        run: async () => {
          old.created = await update(old.input, input);
        },
      });
      return update(input, old.input);
    }
    if (old) {
      // CloudFormation makes the new one first; here both would have one name.
      this.undos.push({
        logicalId,
        run: async () => {
          old.created = await old.type.create(old.input);
        },
      });
      await old.type.remove?.(old.input);
    }
    const created = await type.create(input);
    this.undos.push({ logicalId, run: () => type.remove?.(input) });
    return created;
  }

  private resolveOutputs(): void {
    const { name, template } = this.options.source;
    for (const [outputName, { Value, Export, Condition }] of Object.entries(template.Outputs)) {
      if (Condition !== undefined && !this.scope.condition(Condition)) continue;
      const where = `${name}.Outputs.${outputName}`;
      const value = resolveIntrinsics(Value, this.scope, where);
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
        throw new TemplateError(`${where} is no string`);
      }
      this.next.outputs.set(outputName, String(value));
      if (!Export) continue;
      const exportName = resolveIntrinsics(Export.Name, this.scope, `${where}.Export.Name`);
      if (typeof exportName !== 'string') throw new TemplateError(`${where}.Export.Name is no string`);
      this.next.exports.set(exportName, String(value));
    }
  }

  /** "You can't modify or remove an output value that is referenced by another stack" (user guide, exports). */
  private checkExports(): void {
    const { previous, stacks, source } = this.options;
    for (const [exportName, value] of previous?.exports ?? []) {
      if (this.next.exports.get(exportName) === value) continue;
      const user = [...stacks.values()].find(
        ({ name, imports }) => name !== source.name && imports.has(exportName),
      );
      if (!user) continue;
      throw new TemplateError(
        `${source.name}: export ${exportName} can not be changed or deleted, as it is in use by ${user.name}`,
      );
    }
  }

  private async rollBack(error: unknown): Promise<never> {
    const failures: string[] = [];
    for (const { logicalId, run } of this.undos.reverse()) {
      this.options.onChange(`takes back ${logicalId}`);
      try {
        await run();
      } catch (failure) {
        failures.push(`${logicalId}: ${reasonOf(failure)}`);
      }
    }
    const stuck = failures.length > 0 ? `; the rollback failed too (${failures.join('; ')})` : '';
    throw new TemplateError(`${reasonOf(error)}${stuck}`, { cause: error });
  }

  /** What can't be removed stays behind, and fails nothing: as with CloudFormation. */
  private async cleanUp(): Promise<void> {
    const { previous, onChange } = this.options;
    const gone = [...(previous?.resources ?? [])].filter(([id]) => !this.next.resources.has(id));
    for (const [, { type, typeName, input }] of gone.reverse()) {
      onChange(`removes ${input.logicalId} (${typeName})`);
      try {
        await type.remove?.(input);
      } catch (error) {
        onChange(`could not remove ${input.logicalId}: ${reasonOf(error)}`);
      }
    }
  }
}
