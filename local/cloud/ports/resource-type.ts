import type { z } from 'zod';

/** A resource of a template, with its intrinsic functions resolved. */
export interface ResourceInput<Properties> {
  stackName: string;
  logicalId: string;
  properties: Properties;
  /** As it stands in the template; only Auto Scaling groups have one that matters here. */
  updatePolicy: unknown;
}

/** What other resources may refer to. */
export interface CreatedResource {
  /** `Ref`. */
  ref: string;
  /** `Fn::GetAtt`, by attribute name. @default none */
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
   * `inert` names it.
   */
  readonly properties: z.ZodType<Properties>;
  /** Paths of properties that change nothing that could be seen here, e.g. `Tags` or `LaunchTemplateData.MetadataOptions`. */
  readonly inert: readonly string[];
  create(resource: ResourceInput<Properties>): CreatedResource | Promise<CreatedResource>;
  /**
   * The deployment of another template, with other properties. Resolves when CloudFormation would be done.
   * @throws Error when the update fails; CloudFormation then rolls back
   */
  update?(
    resource: ResourceInput<Properties>,
    previous: ResourceInput<Properties>,
  ): CreatedResource | Promise<CreatedResource>;
  /** The resource left the template. @default nothing happens */
  remove?(resource: ResourceInput<Properties>): void | Promise<void>;
}
