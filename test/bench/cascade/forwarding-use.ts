import type { types } from 'mediasoup';
import { cpuSecondsOf } from '../forwarding/processes';

/** What workers did while nobody else asked them for anything. */
export interface ForwardingUse {
  /** Packets that went to viewers. */
  packets: number;
  /** Bits of them, without the headers of UDP and IP. */
  bits: number;
  workerSeconds: number;
  seconds: number;
}

export interface MeasureOptions {
  consumers: readonly types.Consumer[];
  workerPids: readonly number[];
  windowMs: number;
}

/**
 * CPU of the workers over the window, and what their consumers sent at the rate between two countings around it: counting
 * costs the workers CPU, so it stays out of the window.
 */
export async function measureForwarding({
  consumers,
  workerPids,
  windowMs,
}: MeasureOptions): Promise<ForwardingUse> {
  const countedBefore = await Promise.all(consumers.map(count));
  const cpuBefore = workerPids.map(cpuSecondsOf);
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, windowMs));
  const seconds = (performance.now() - startedAt) / 1_000;
  const workerSeconds = sum(workerPids.map((pid, index) => cpuSecondsOf(pid) - (cpuBefore[index] ?? 0)));
  const countedAfter = await Promise.all(consumers.map(count));
  const rate = (of: (counted: Counted) => number): number =>
    sum(
      countedAfter.map((after, index) => {
        const before = countedBefore[index] ?? after;
        return (of(after) - of(before)) / (after.atSeconds - before.atSeconds);
      }),
    );
  return {
    packets: rate(({ packets }) => packets) * seconds,
    bits: rate(({ bits }) => bits) * seconds,
    workerSeconds,
    seconds,
  };
}

export function addUses(uses: readonly ForwardingUse[]): ForwardingUse {
  return {
    packets: sum(uses.map(({ packets }) => packets)),
    bits: sum(uses.map(({ bits }) => bits)),
    workerSeconds: sum(uses.map(({ workerSeconds }) => workerSeconds)),
    seconds: sum(uses.map(({ seconds }) => seconds)),
  };
}

interface Counted {
  packets: number;
  bits: number;
  /** By the worker's own clock. */
  atSeconds: number;
}

async function count(consumer: types.Consumer): Promise<Counted> {
  const stats = await consumer.getStats();
  const sent = stats.find(({ type }) => type === 'outbound-rtp');
  if (sent === undefined) throw new Error('a consumer without a stream');
  return { packets: sent.packetCount, bits: sent.byteCount * 8, atSeconds: sent.timestamp / 1_000 };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
