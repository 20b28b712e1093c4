import type { ResourceType } from '../ports/resource-type';
import type { AssemblyStack } from './cloud-assembly';
import { TemplateError } from './template-error';

/** Every `Custom::…` type is this one. */
export const CUSTOM_RESOURCE = 'AWS::CloudFormation::CustomResource';

/** How each type of resource is played. */
export class TypeRegistry {
  private readonly types = new Map<string, ResourceType>();

  /** @param types the first of a name counts */
  constructor(types: readonly ResourceType[]) {
    for (const type of types) if (!this.types.has(type.type)) this.types.set(type.type, type);
  }

  find(name: string): ResourceType | undefined {
    return this.types.get(name.startsWith('Custom::') ? CUSTOM_RESOURCE : name);
  }

  /** Before anything is made of them. @throws TemplateError that names what can't be played */
  check(stacks: readonly AssemblyStack[]): void {
    const unknown = new Map<string, string>();
    for (const { name, template } of stacks) {
      for (const [logicalId, { Type }] of Object.entries(template.Resources)) {
        if (!this.find(Type) && !unknown.has(Type)) unknown.set(Type, `${name}.${logicalId}`);
      }
    }
    if (unknown.size === 0) return;
    const list = [...unknown].map(([type, where]) => `${type} (${where})`).join(', ');
    throw new TemplateError(`the local cloud does not play ${list}`);
  }
}
