import { z } from 'zod';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { DEFAULT_ASYNC_SETTINGS } from '../function-definition';
import type { Lambda } from '../lambda';

const propertiesSchema = z.object({
  /** Name or ARN. */
  FunctionName: z.string(),
  MaximumEventAgeInSeconds: z.coerce.number().int().min(60).max(21_600).optional(),
  MaximumRetryAttempts: z.coerce.number().int().min(0).max(2).optional(),
});
type Properties = z.infer<typeof propertiesSchema>;

/** `AWS::Lambda::EventInvokeConfig`: how a function is tried again. */
export class EventInvokeConfigType implements ResourceType<Properties> {
  readonly type = 'AWS::Lambda::EventInvokeConfig';
  readonly properties = propertiesSchema;
  readonly inert = ['Qualifier'];

  constructor(private readonly lambda: Pick<Lambda, 'find' | 'configureAsync'>) {}

  create({ logicalId, properties }: ResourceInput<Properties>): CreatedResource {
    this.lambda.configureAsync(this.functionArn(properties), {
      maximumEventAgeSeconds:
        properties.MaximumEventAgeInSeconds ?? DEFAULT_ASYNC_SETTINGS.maximumEventAgeSeconds,
      maximumRetryAttempts: properties.MaximumRetryAttempts ?? DEFAULT_ASYNC_SETTINGS.maximumRetryAttempts,
    });
    return { ref: logicalId };
  }

  update(resource: ResourceInput<Properties>): CreatedResource {
    return this.create(resource);
  }

  remove({ properties }: ResourceInput<Properties>): void {
    this.lambda.configureAsync(this.functionArn(properties), undefined);
  }

  private functionArn({ FunctionName }: Properties): string {
    const found = this.lambda.find(FunctionName);
    if (!found) throw new Error(`Function not found: ${FunctionName}`);
    return found.arn;
  }
}
