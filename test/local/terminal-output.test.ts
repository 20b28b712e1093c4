import { TerminalOutput } from '../../local/fleet-runner/terminal-output';
import type { RunnerEvent } from '../../local/fleet-runner/runner-events';
import { systemClock } from '../../local/fleet-runner/system-clock';

function terminal(options: { isTty: boolean; columns?: number }) {
  let nowMs = 0;
  const written: string[] = [];
  const output = new TerminalOutput({
    write: (text) => written.push(text),
    writeError: (text) => written.push(`stderr: ${text}`),
    isTty: options.isTty,
    columns: () => options.columns ?? 80,
    clock: { ...systemClock, monotonicMs: () => nowMs },
  });
  return { output, written, pass: (ms: number) => (nowMs += ms) };
}

const status: Extract<RunnerEvent, { event: 'status' }> = {
  event: 'status',
  nodesReady: 2,
  nodesTotal: 2,
  rooms: 1,
  peers: 3,
  egressBps: 4_200_000,
  committedEgressBps: 6_800_000,
  capacityEgressBps: 1_500_000_000,
};
const died: RunnerEvent = {
  event: 'node-died',
  nodeId: 'node-1',
  reason: 'killed by SIGKILL',
  restartInMs: 500,
};

test('on a terminal the status stands in one line, below everything else', () => {
  const { output, written } = terminal({ isTty: true });
  output.emit(status);
  output.emit(died);
  const line = '2/2 nodes · 1 room · 3 peers · 4.2 sent, 6.8 reserved of 1,500 Mbit/s';
  expect(written).toEqual([
    `\r\u001b[K${line}`,
    `\r\u001b[Knode-1 died (killed by SIGKILL); it is started again in 0.5 s\n${line}`,
  ]);
});

test('a status line is never wider than the terminal', () => {
  const { output, written } = terminal({ isTty: true, columns: 20 });
  output.emit(status);
  expect(written).toEqual(['\r\u001b[K2/2 nodes · 1 room ']);
});

test('a terminal that does not say its width gets the whole line', () => {
  const { output, written } = terminal({ isTty: true, columns: 0 });
  output.emit(status);
  expect(written[0]).toContain('reserved of 1,500 Mbit/s');
});

test('without a terminal a line is written when people come or nodes go, not for every bit', () => {
  const { output, written } = terminal({ isTty: false });
  output.emit(status);
  output.emit({ ...status, egressBps: 5_000_000 });
  output.emit({ ...status, peers: 4 });
  expect(written).toEqual(['2/2 nodes · 1 room · 3 peers\n', '2/2 nodes · 1 room · 4 peers\n']);
});

test('a warning that repeats is shown once in a while', () => {
  const { output, written, pass } = terminal({ isTty: false });
  const warning: RunnerEvent = {
    event: 'node-warning',
    nodeId: 'node-1',
    level: 'warn',
    message: 'Redis is away',
  };
  output.emit(warning);
  pass(9_000);
  output.emit(warning);
  expect(written).toEqual(['node-1 warns: Redis is away\n']);
  pass(2_000);
  output.emit(warning);
  expect(written).toHaveLength(2);
});

test('what went wrong goes to stderr', () => {
  const { output, written } = terminal({ isTty: false });
  output.emit({ event: 'error', message: 'port 3000 is in use' });
  expect(written).toEqual(['stderr: fleet: port 3000 is in use\n']);
});
