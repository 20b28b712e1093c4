import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../core/clock';
import type { CloudIdentity } from '../cloud-identity';
import type { FunctionRuntime } from '../ports/function-runtime';
import type { CreatedResource, ResourceInput, ResourceType } from '../ports/resource-type';
import { stackIdOf } from '../template/physical-id';
import { CUSTOM_RESOURCE } from '../template/type-registry';
import type { CustomResourceResponse, ResponseServer } from './response-server';

const propertiesSchema = z.looseObject({
  ServiceToken: z.string(),
  /** Seconds. */
  ServiceTimeout: z.coerce.number().int().min(1).max(3_600).optional(),
});
type Properties = z.infer<typeof propertiesSchema>;
type Resource = ResourceInput<Properties>;

export interface CustomResourceTypeOptions {
  identity: CloudIdentity;
  functions: Pick<FunctionRuntime, 'invokeLater'>;
  responses: Pick<ResponseServer, 'open'>;
  clock: Clock;
  /** When a resource doesn't say, seconds by the cloud's clock. @default 3600, CloudFormation's own */
  serviceTimeoutSeconds?: number;
}

/**
 * A resource that a Lambda of the deployment makes: it is invoked asynchronously, and answers by a PUT to an address that
 * is in its event (CloudFormation template reference, "Custom resource request objects").
 */
export class CustomResourceType implements ResourceType<Properties> {
  readonly type = CUSTOM_RESOURCE;
  readonly properties = propertiesSchema;
  readonly inert = [];
  /** Physical ids, by stack and logical id. */
  private readonly physicalIds = new Map<string, string>();

  constructor(private readonly options: CustomResourceTypeOptions) {}

  async create(resource: Resource): Promise<CreatedResource> {
    const response = await this.request('Create', resource, {});
    return this.keep(resource, response);
  }

  async update(resource: Resource, previous: Resource): Promise<CreatedResource> {
    const oldId = this.physicalIds.get(keyOf(resource));
    const response = await this.request('Update', resource, {
      PhysicalResourceId: oldId,
      OldResourceProperties: asText(previous.properties),
    });
    const created = this.keep(resource, response);
    // Another id means another resource. CloudFormation deletes the old one when the whole stack is updated.
    if (oldId !== undefined && oldId !== created.ref) {
      await this.request('Delete', previous, { PhysicalResourceId: oldId });
    }
    return created;
  }

  async remove(resource: Resource): Promise<void> {
    const key = keyOf(resource);
    await this.request('Delete', resource, { PhysicalResourceId: this.physicalIds.get(key) });
    this.physicalIds.delete(key);
  }

  private keep(resource: Resource, { PhysicalResourceId, Data }: CustomResourceResponse): CreatedResource {
    if (PhysicalResourceId === undefined) throw new Error('the custom resource gave no PhysicalResourceId');
    this.physicalIds.set(keyOf(resource), PhysicalResourceId);
    const attributes: Record<string, string> = {};
    for (const [name, value] of Object.entries(Data)) {
      attributes[name] = typeof value === 'string' ? value : JSON.stringify(value);
    }
    return { ref: PhysicalResourceId, attributes };
  }

  private async request(
    RequestType: 'Create' | 'Update' | 'Delete',
    resource: Resource,
    more: Record<string, unknown>,
  ): Promise<CustomResourceResponse> {
    const { identity, functions, responses } = this.options;
    const { ServiceToken } = resource.properties;
    const slot = responses.open();
    const event = {
      RequestType,
      RequestId: randomUUID(),
      ResponseURL: slot.url,
      ServiceToken,
      StackId: stackIdOf(identity, resource.stackName),
      LogicalResourceId: resource.logicalId,
      ResourceType: resource.typeName ?? CUSTOM_RESOURCE,
      ResourceProperties: asText(resource.properties),
      ...more,
    };
    try {
      if (!functions.invokeLater(ServiceToken, event))
        throw new Error(`there is no function ${ServiceToken}`);
      const response = await this.inTime(slot.response, resource);
      if (response.Status === 'FAILED') {
        throw new Error(`Received response status [FAILED] from custom resource: ${response.Reason ?? ''}`);
      }
      for (const name of ['RequestId', 'StackId', 'LogicalResourceId'] as const) {
        if (response[name] !== event[name])
          throw new Error(`the custom resource answered with another ${name}`);
      }
      return response;
    } finally {
      slot.close();
    }
  }

  private async inTime<T>(response: Promise<T>, { properties }: Resource): Promise<T> {
    const seconds = properties.ServiceTimeout ?? this.options.serviceTimeoutSeconds ?? 3_600;
    let expire: (error: Error) => void = () => undefined;
    const limit = new Promise<never>((_resolve, reject) => (expire = reject));
    const timer = this.options.clock.setTimer(seconds * 1_000, () =>
      expire(new Error(`the custom resource did not answer within ${seconds} s`)),
    );
    try {
      return await Promise.race([response, limit]);
    } finally {
      timer.cancel();
      response.catch(() => undefined);
    }
  }
}

function keyOf({ stackName, logicalId }: Resource): string {
  return `${stackName}/${logicalId}`;
}

/** CloudFormation gives a custom resource its numbers and booleans as strings. */
function asText(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)]));
}
