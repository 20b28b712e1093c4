import type { CloudOccurrence } from '../../../local/cloud/journal';
import type { DeadLetter, DeadLetters } from '../../../local/cloud/ports/dead-letters';
import type { MetricSink, MetricValue } from '../../../local/cloud/ports/metric-sink';

/** Keeps what a part of the cloud tells the others. */
export class Recording implements MetricSink, DeadLetters {
  readonly values: MetricValue[] = [];
  readonly occurrences: CloudOccurrence[] = [];
  readonly letters: (DeadLetter & { queueArn: string })[] = [];

  record(values: readonly MetricValue[]): void {
    this.values.push(...values);
  }

  add(occurrence: CloudOccurrence): void {
    this.occurrences.push(occurrence);
  }

  send(queueArn: string, letter: DeadLetter): boolean {
    this.letters.push({ ...letter, queueArn });
    return true;
  }

  sum(name: string): number {
    return this.values.filter((value) => value.name === name).reduce((total, { value }) => total + value, 0);
  }
}
