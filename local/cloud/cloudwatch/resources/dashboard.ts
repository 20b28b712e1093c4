import { z } from 'zod';
import type { ResourceType } from '../../ports/resource-type';

const properties = z.object({ DashboardName: z.string().optional() });

/** `AWS::CloudWatch::Dashboard`: a page of AWS' console, which nothing here depends on. */
export function dashboardResource(): ResourceType<z.output<typeof properties>> {
  return {
    type: 'AWS::CloudWatch::Dashboard',
    properties,
    inert: ['DashboardBody', 'Tags'],
    create: ({ stackName, logicalId, properties: { DashboardName } }) => ({
      ref: DashboardName ?? `${stackName}-${logicalId}`,
    }),
  };
}
