import {
  ListMetrics$,
  type ListMetricsCommandInput,
  type ListMetricsCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import type { CloudWatch } from '../cloudwatch';
import { invalidValue, missingParameter, notSimulated } from '../cloudwatch-error';
import { pageOf } from '../page';
import { dimensionList } from '../read-dimensions';

/** API reference, ListMetrics. */
const PAGE = 500;
const RECENT_MS = 3 * 3_600_000;

export function listMetrics(cloudWatch: CloudWatch): Operation {
  return operation(
    ListMetrics$,
    (input: ListMetricsCommandInput): Omit<ListMetricsCommandOutput, '$metadata'> => {
      const { Namespace, MetricName, Dimensions = [], RecentlyActive } = input;
      if (RecentlyActive !== undefined && RecentlyActive !== 'PT3H') {
        throw invalidValue(`The value ${RecentlyActive as string} for parameter RecentlyActive is invalid.`);
      }
      if (input.IncludeLinkedAccounts || input.OwningAccount !== undefined) {
        throw notSimulated('metrics of other accounts');
      }
      for (const [index, { Name }] of Dimensions.entries()) {
        if (!Name) throw missingParameter(`Dimensions.member.${index + 1}.Name`);
      }
      const since = RecentlyActive ? cloudWatch.clock.nowMs() - RECENT_MS : undefined;
      const found = cloudWatch.metrics
        .list(since)
        .filter(({ namespace }) => Namespace === undefined || namespace === Namespace)
        .filter(({ name }) => MetricName === undefined || name === MetricName)
        .filter(({ dimensions }) =>
          Dimensions.every(({ Name, Value }) => {
            const value = Name === undefined ? undefined : dimensions[Name];
            return value !== undefined && (Value === undefined || value === Value);
          }),
        );
      const { items, nextToken } = pageOf(found, {
        size: PAGE,
        token: input.NextToken,
        refuse: () => invalidValue('Invalid next token.'),
      });
      return {
        Metrics: items.map(({ namespace, name, dimensions }) => ({
          Namespace: namespace,
          MetricName: name,
          Dimensions: dimensionList(dimensions),
        })),
        NextToken: nextToken,
      };
    },
  );
}
