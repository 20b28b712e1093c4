import type { z } from 'zod';

/** A resource of a template, with its intrinsic functions resolved. */
export interface ResourceInput<Properties> {
  stackName: string;
  logicalId: string;
  /** As the template names it, e.g. `Custom::SuspendedProcesses`; for types that play several. @default the type's own */
  typeName?: string;
  properties: Properties;
  /** As it stands in the template; only Auto Scaling groups have one that matters here. */
  updatePolicy: unknown;
}

/** What other resources may refer to. */
export interface CreatedResource {
  /** `Ref`. */
  ref: string;
  /** `Fn::GetAtt`, by attribute name; a list is given with commas. @default none */
  attributes?: Readonly<Record<string, string>>;
}

/**
 * How one type of resource is played. Engines look up the type of each resource of the templates here; an unknown type
 * stops the start.
 */
export interface ResourceType<Properties = unknown> {
  /** E.g. `AWS::AutoScaling::AutoScalingGroup`. */
  readonly type: string;
  /**
   * What is honoured. Everything else in a template is stripped by it, and told to the user as not simulated, unless
   * `inert` names it. A list's items have the path of their list.
   */
  readonly properties: z.ZodType<Properties>;
  /** Paths of properties that change nothing that could be seen here, e.g. `Tags` or `LaunchTemplateData.MetadataOptions`; `*` is one name. */
  readonly inert: readonly string[];
  create(resource: ResourceInput<Properties>): CreatedResource | Promise<CreatedResource>;
  /**
   * The deployment of another template, with other properties. Resolves when CloudFormation would be done. Also called
   * to take such an update back, whole or half done, with the properties from before. @default removed, and created anew
   * @throws Error when the update fails; CloudFormation then rolls back
   */
  update?(
    resource: ResourceInput<Properties>,
    previous: ResourceInput<Properties>,
  ): CreatedResource | Promise<CreatedResource>;
  /** The resource left the template. @default nothing happens */
  remove?(resource: ResourceInput<Properties>): void | Promise<void>;
}
