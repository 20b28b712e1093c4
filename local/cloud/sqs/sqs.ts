import type { Clock, Timer } from '../../../core/clock';
import type { CloudJournal } from '../journal';
import type { DeadLetter, DeadLetters } from '../ports/dead-letters';
import type { MetricSink } from '../ports/metric-sink';

export interface SqsOptions {
  clock: Clock;
  metrics: MetricSink;
  journal: Pick<CloudJournal, 'add'>;
}

interface Queue {
  name: string;
  retentionSeconds: number;
  /** Oldest first. */
  letters: { letter: DeadLetter; sentAtMs: number }[];
}

/** "SQS … pushes metrics to CloudWatch at one-minute intervals" (SQS guide, monitoring). */
const METRIC_INTERVAL_MS = 60_000;
/** A queue is kept in memory: what is older is dropped. */
const MAX_LETTERS = 10_000;

/** Queues, as dead-letter queues use them: they take messages and count them, until somebody purges them. */
export class Sqs implements DeadLetters {
  /** By ARN. */
  private readonly queues = new Map<string, Queue>();
  private readonly timer: Timer;

  constructor(private readonly options: SqsOptions) {
    this.timer = options.clock.setRepeating(METRIC_INTERVAL_MS, () => this.publish());
  }

  /** Also for a queue that is there: its messages stay. */
  put(queueArn: string, { name, retentionSeconds }: Pick<Queue, 'name' | 'retentionSeconds'>): void {
    const letters = this.queues.get(queueArn)?.letters ?? [];
    this.queues.set(queueArn, { name, retentionSeconds, letters });
  }

  delete(queueArn: string): void {
    this.queues.delete(queueArn);
  }

  send(queueArn: string, letter: DeadLetter): boolean {
    const queue = this.queues.get(queueArn);
    if (!queue) return false;
    queue.letters.push({ letter, sentAtMs: this.options.clock.nowMs() });
    if (queue.letters.length > MAX_LETTERS) queue.letters.shift();
    this.options.journal.add({
      kind: 'dead-letter',
      queueName: queue.name,
      functionName: letter.source,
      message: letter.attributes['ErrorMessage'] ?? letter.attributes['ERROR_MESSAGE'] ?? '',
    });
    return true;
  }

  /** Oldest first; none when there is no such queue. */
  letters(queueArn: string): readonly DeadLetter[] {
    const queue = this.queues.get(queueArn);
    if (!queue) return [];
    this.expire(queue);
    return queue.letters.map(({ letter }) => letter);
  }

  /** Somebody dealt with them. */
  purge(queueArn: string): void {
    this.queues.get(queueArn)?.letters.splice(0);
  }

  /** Idempotent. */
  close(): void {
    this.timer.cancel();
  }

  private publish(): void {
    const atMs = this.options.clock.nowMs();
    const values = [...this.queues.values()].map((queue) => {
      this.expire(queue);
      return {
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: queue.name },
        value: queue.letters.length,
        atMs,
        unit: 'Count',
      };
    });
    if (values.length > 0) this.options.metrics.record(values);
  }

  private expire(queue: Queue): void {
    const fromMs = this.options.clock.nowMs() - queue.retentionSeconds * 1_000;
    queue.letters = queue.letters.filter(({ sentAtMs }) => sentAtMs > fromMs);
  }
}
