import { z } from 'zod';
import type { MetricValue } from '../ports/metric-sink';

const member = z.union([z.number(), z.array(z.number()).max(100)]);

/** CloudWatch embedded metric format specification, "Metadata object", with its limits. */
const metadata = z.object({
  Timestamp: z.number(),
  CloudWatchMetrics: z.array(
    z.object({
      Namespace: z.string().min(1).max(1_024),
      Dimensions: z.array(z.array(z.string().min(1)).max(30)),
      Metrics: z
        .array(
          z.object({
            Name: z.string().min(1),
            Unit: z.string().optional(),
            StorageResolution: z.union([z.literal(1), z.literal(60)]).optional(),
          }),
        )
        .max(100),
    }),
  ),
});

const line = z.looseObject({ _aws: metadata });

/**
 * The metrics in a line of a function's log; none in other lines. A metric or a dimension set whose members are not in the
 * line gives none, as in CloudWatch Logs, which tells nobody either.
 */
export function embeddedMetrics(text: string): MetricValue[] {
  // Most lines are none, and need no parsing.
  if (!text.includes('"CloudWatchMetrics"')) return [];
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success) return [];
  const { _aws: head, ...members } = parsed.data;
  return head.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((keys) => {
      const dimensions = dimensionsOf(keys, members);
      if (!dimensions) return [];
      return Metrics.flatMap(({ Name: name, Unit: unit, StorageResolution: resolutionSeconds }) => {
        const found = member.safeParse(members[name]);
        if (!found.success) return [];
        return [found.data].flat().map((value) => ({
          namespace,
          name,
          dimensions,
          value,
          atMs: head.Timestamp,
          unit,
          resolutionSeconds,
        }));
      });
    }),
  );
}

function dimensionsOf(
  keys: readonly string[],
  members: Record<string, unknown>,
): Record<string, string> | undefined {
  const dimensions: Record<string, string> = {};
  for (const key of keys) {
    const value = members[key];
    if (typeof value !== 'string' || value === '') return undefined;
    dimensions[key] = value;
  }
  return dimensions;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
