import { attributePath } from './intrinsics';
import { TemplateError } from './template-error';
import type { StackTemplate, TemplateResource } from './template-schema';

/**
 * Logical ids of a template's resources, each after those that it refers to or depends on; otherwise as they stand.
 * @throws TemplateError for a circle, or a dependency that does not exist
 */
export function inCreationOrder(stackName: string, { Resources }: StackTemplate): string[] {
  const ordered: string[] = [];
  const done = new Set<string>();
  const visit = (logicalId: string, trail: readonly string[]): void => {
    if (done.has(logicalId)) return;
    const circle = [...trail, logicalId];
    if (trail.includes(logicalId)) {
      throw new TemplateError(`${stackName}: circular dependency ${circle.join(' → ')}`);
    }
    const resource = Resources[logicalId];
    if (!resource) return;
    for (const dependency of resource.DependsOn) {
      if (!Resources[dependency]) {
        throw new TemplateError(`${stackName}.${logicalId} depends on ${dependency}, which does not exist`);
      }
    }
    for (const dependency of dependenciesOf(resource)) visit(dependency, circle);
    done.add(logicalId);
    ordered.push(logicalId);
  };
  for (const logicalId of Object.keys(Resources)) visit(logicalId, []);
  return ordered;
}

/** Names that may be parameters too. */
function dependenciesOf(resource: TemplateResource): Set<string> {
  const found = new Set(resource.DependsOn);
  collect(resource.Properties, found);
  collect(resource.UpdatePolicy, found);
  return found;
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Ref' && typeof inner === 'string') found.add(inner);
    else if (key === 'Fn::GetAtt') found.add(attributePath(inner)[0]);
    else if (key === 'Fn::Sub') collectSubstitutions(Array.isArray(inner) ? inner[0] : inner, found);
    collect(inner, found);
  }
}

function collectSubstitutions(template: unknown, found: Set<string>): void {
  if (typeof template !== 'string') return;
  for (const [, name] of template.matchAll(/\$\{([^!}][^}]*)\}/g)) {
    if (name !== undefined && !name.startsWith('AWS::')) found.add(name.split('.')[0] ?? name);
  }
}
