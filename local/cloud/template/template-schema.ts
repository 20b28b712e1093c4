import { z } from 'zod';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
  UpdatePolicy: z.unknown().optional(),
});

const outputSchema = z.object({
  Value: z.unknown().optional(),
  Export: z.object({ Name: z.unknown() }).optional(),
  Condition: z.string().optional(),
});

const parameterSchema = z.object({
  Type: z.string(),
  Default: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).optional(),
});

/** What is read of a template. `Rules` check what the deployment's account has, `Metadata` is for tools. */
export const templateSchema = z.object({
  Parameters: z.record(z.string(), parameterSchema).default({}),
  Mappings: z
    .record(
      z.string(),
      z.record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))),
    )
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), outputSchema).default({}),
  /** Macros rewrite the template on AWS, which nothing here can. */
  Transform: z.undefined({ error: 'macros (Transform) are not played' }).optional(),
});

export type StackTemplate = z.infer<typeof templateSchema>;
export type TemplateResource = StackTemplate['Resources'][string];
