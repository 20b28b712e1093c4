import type { CloudIdentity } from '../cloud-identity';
import type { DeployedStack } from './deployed-stack';
import type { DynamicValues } from './dynamic-references';
import { resolveIntrinsics, type IntrinsicScope } from './intrinsics';
import { stackIdOf } from './physical-id';
import { TemplateError } from './template-error';
import type { StackTemplate } from './template-schema';

export interface StackScopeOptions {
  identity: CloudIdentity;
  availabilityZones: (region: string) => readonly string[];
  values: DynamicValues;
  /** Of this region, by name; as they stand. */
  stacks: ReadonlyMap<string, DeployedStack>;
  template: StackTemplate;
  /** Filled while it is deployed: what intrinsic functions can refer to. */
  stack: DeployedStack;
}

/** What intrinsic functions of one stack refer to. */
export class StackScope implements IntrinsicScope {
  readonly pseudo: Readonly<Record<string, string>>;
  /** Conditions that are being looked at, to notice a circle. */
  private readonly open = new Set<string>();

  constructor(private readonly options: StackScopeOptions) {
    const { identity, stack } = options;
    this.pseudo = {
      'AWS::AccountId': identity.account,
      'AWS::NotificationARNs': '',
      'AWS::Partition': identity.partition,
      'AWS::Region': identity.region,
      'AWS::StackId': stackIdOf(identity, stack.name),
      'AWS::StackName': stack.name,
      'AWS::URLSuffix': identity.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
    };
  }

  ref(logicalId: string): unknown {
    const { stack, template } = this.options;
    const resource = stack.resources.get(logicalId);
    if (resource) return resource.created.ref;
    const parameter = template.Parameters[logicalId];
    if (!parameter) throw new TemplateError(`${stack.name}: there is no resource or parameter ${logicalId}`);
    if (parameter.Default === undefined) {
      throw new TemplateError(`${stack.name}: parameter ${logicalId} has no default, and nothing gives it`);
    }
    const isList = /^(CommaDelimitedList|List<|AWS::SSM::Parameter::Value<(List<|CommaDelimitedList))/;
    const value = parameter.Type.startsWith('AWS::SSM::Parameter::Value<')
      ? this.options.values.parameter(String(parameter.Default))
      : parameter.Default;
    if (Array.isArray(value)) return value;
    return isList.test(parameter.Type) ? String(value).split(',') : String(value);
  }

  attribute(logicalId: string, name: string): string {
    const { stack } = this.options;
    const resource = stack.resources.get(logicalId);
    if (!resource) throw new TemplateError(`${stack.name}: there is no resource ${logicalId}`);
    const value = resource.created.attributes?.[name];
    if (value === undefined) {
      throw new TemplateError(
        `${stack.name}.${logicalId}: ${resource.typeName} has no attribute ${name} here`,
      );
    }
    return value;
  }

  condition(name: string): boolean {
    const { stack, template } = this.options;
    const where = `${stack.name}.Conditions.${name}`;
    if (!(name in template.Conditions)) throw new TemplateError(`${where} does not exist`);
    if (this.open.has(name)) throw new TemplateError(`${where} needs itself`);
    this.open.add(name);
    try {
      const value = resolveIntrinsics(template.Conditions[name], this, where);
      if (typeof value !== 'boolean') throw new TemplateError(`${where} is no condition`);
      return value;
    } finally {
      this.open.delete(name);
    }
  }

  mapped(mapping: string, topLevelKey: string, secondLevelKey: string): unknown {
    const value = this.options.template.Mappings[mapping]?.[topLevelKey]?.[secondLevelKey];
    if (value === undefined) {
      throw new TemplateError(
        `${this.options.stack.name}.Mappings.${mapping} has no ${topLevelKey}.${secondLevelKey}`,
      );
    }
    return value;
  }

  imported(exportName: string): string {
    for (const other of this.options.stacks.values()) {
      const value = other.exports.get(exportName);
      if (value === undefined) continue;
      this.options.stack.imports.add(exportName);
      return value;
    }
    throw new TemplateError(`${this.options.stack.name}: no stack exports ${exportName}`);
  }

  stackOutput(stackName: string, outputName: string): string {
    const value = this.options.stacks.get(stackName)?.outputs.get(outputName);
    if (value === undefined) {
      throw new TemplateError(`${this.options.stack.name}: stack ${stackName} has no output ${outputName}`);
    }
    return value;
  }

  availabilityZones(region: string): readonly string[] {
    return this.options.availabilityZones(region);
  }
}
