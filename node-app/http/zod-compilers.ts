import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { FleetError } from '../../core/errors';

/**
 * Lets the routes of one plugin give zod schemas as their `schema`: input is parsed (and replaced by what was
 * parsed), output is parsed too, so that an answer never carries a field that its schema doesn't name.
 */
export function useZodSchemas(app: FastifyInstance): void {
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (input: unknown) => {
    // A request without a body has null here; an absent object and an empty one mean the same.
    const parsed = schema.safeParse(input ?? {});
    if (parsed.success) return { value: parsed.data };
    return {
      error: new FleetError('FLEET_ERR_BAD_REQUEST', {
        message: describeIssues(parsed.error, httpPart ?? 'request'),
      }),
    };
  });
  app.setSerializerCompiler<z.ZodType>(
    ({ schema }) =>
      (output: unknown) =>
        JSON.stringify(schema.parse(output)),
  );
}

/** `querystring.limit: too big; …`: where and what, never the value that was sent. */
function describeIssues(error: z.ZodError, part: string): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${[part, ...issue.path].map(String).join('.')}: ${issue.message}`)
    .join('; ');
}
