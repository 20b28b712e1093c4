import { z } from 'zod';
import type { CloudIdentity } from '../../cloud-identity';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { generatedName } from '../../template/physical-id';
import type { EventBridge } from '../eventbridge';

const targetSchema = z.object({
  Arn: z.string(),
  Id: z.string(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
  RetryPolicy: z
    .object({
      MaximumEventAgeInSeconds: z.coerce.number().int().min(60).max(86_400).optional(),
      MaximumRetryAttempts: z.coerce.number().int().min(0).max(185).optional(),
    })
    .optional(),
});

const propertiesSchema = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  EventBusName: z.literal('default', { error: 'only the default bus is played' }).optional(),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(targetSchema).default([]),
});
type Properties = z.infer<typeof propertiesSchema>;

export interface RuleTypeOptions {
  identity: CloudIdentity;
  eventBridge: EventBridge;
}

/** `AWS::Events::Rule`. */
export class RuleType implements ResourceType<Properties> {
  readonly type = 'AWS::Events::Rule';
  readonly properties = propertiesSchema;
  readonly inert = ['RoleArn', 'Tags', 'Targets.RoleArn'];

  constructor(private readonly options: RuleTypeOptions) {}

  create(resource: ResourceInput<Properties>): CreatedResource {
    const { eventBridge } = this.options;
    const { properties } = resource;
    const name = this.nameOf(resource);
    const arn = eventBridge.putRule({
      name,
      description: properties.Description,
      eventPattern: properties.EventPattern && JSON.stringify(properties.EventPattern),
      scheduleExpression: properties.ScheduleExpression,
      state: properties.State,
    });
    eventBridge.removeTargets(name, [...eventBridge.rule(name).targets.keys()]);
    eventBridge.putTargets(
      name,
      properties.Targets.map((target) => ({
        id: target.Id,
        arn: target.Arn,
        input: target.Input,
        inputPath: target.InputPath,
        deadLetterArn: target.DeadLetterConfig?.Arn,
        retryPolicy: target.RetryPolicy && {
          maximumEventAgeInSeconds: target.RetryPolicy.MaximumEventAgeInSeconds,
          maximumRetryAttempts: target.RetryPolicy.MaximumRetryAttempts,
        },
      })),
    );
    return { ref: name, attributes: { Arn: arn } };
  }

  update(resource: ResourceInput<Properties>, previous: ResourceInput<Properties>): CreatedResource {
    if (this.nameOf(resource) !== this.nameOf(previous)) this.remove(previous);
    return this.create(resource);
  }

  remove(resource: ResourceInput<Properties>): void {
    const { eventBridge } = this.options;
    const name = this.nameOf(resource);
    eventBridge.removeTargets(name, [...eventBridge.rule(name).targets.keys()]);
    eventBridge.deleteRule(name);
  }

  private nameOf({ stackName, logicalId, properties }: ResourceInput<Properties>): string {
    return properties.Name ?? generatedName({ identity: this.options.identity, stackName, logicalId });
  }
}
