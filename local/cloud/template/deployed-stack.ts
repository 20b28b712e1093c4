import type { CreatedResource, ResourceInput, ResourceType } from '../ports/resource-type';

export interface DeployedResource {
  /** As the template names it: `Custom::…` too. */
  typeName: string;
  type: ResourceType;
  input: ResourceInput<unknown>;
  /** Its properties before dynamic references were resolved: what decides whether an update changes it. */
  resolved: unknown;
  created: CreatedResource;
}

/** A stack as it stands. */
export interface DeployedStack {
  readonly name: string;
  /** By logical id, in the order of their creation. */
  resources: Map<string, DeployedResource>;
  outputs: Map<string, string>;
  /** By export name. */
  exports: Map<string, string>;
  /** Names of the exports that it uses. */
  imports: Set<string>;
}

export function emptyStack(name: string): DeployedStack {
  return { name, resources: new Map(), outputs: new Map(), exports: new Map(), imports: new Set() };
}
