import type { ResourceType } from './ports/resource-type';

interface GroupSizes {
  MinSize: number;
  MaxSize: number;
}

/**
 * A group with other sizes than the template's: what an operator's UpdateAutoScalingGroup would make of it, from the
 * beginning, so that no instance is launched only to end.
 */
export function sizedGroup<Properties extends GroupSizes>(
  type: ResourceType<Properties>,
  nodes: number,
): ResourceType<Properties> {
  const sized = (properties: Properties): Properties => ({
    ...properties,
    MinSize: nodes,
    MaxSize: Math.max(nodes, properties.MaxSize),
  });
  return {
    ...type,
    create: (resource) => type.create({ ...resource, properties: sized(resource.properties) }),
    ...(type.update && {
      update: (resource, previous) => {
        const now = { ...resource, properties: sized(resource.properties) };
        const before = { ...previous, properties: sized(previous.properties) };
        return type.update?.(now, before) ?? type.create(now);
      },
    }),
  };
}
