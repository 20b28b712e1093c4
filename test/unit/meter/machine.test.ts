import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock';
import { InterfaceCounters } from '../../../node-app/meter/interface-counters';
import { MachineLoad, type CpuTimes } from '../../../node-app/meter/machine-load';

describe('MachineLoad', () => {
  test('is the share of time that the cores were busy since it was last asked', () => {
    const readings: CpuTimes[] = [
      { busyMs: 100, totalMs: 1_000 },
      { busyMs: 400, totalMs: 2_000 },
      { busyMs: 400, totalMs: 2_000 },
    ];
    const load = new MachineLoad({
      readCpuTimes: () => readings.shift() ?? { busyMs: 0, totalMs: 0 },
      readLoadAverage: () => 3,
      cores: 2,
    });
    expect(load.read()).toEqual({ cpuLoad: 0.3, sysLoad: 1.5 });
    expect(load.read()).toEqual({ cpuLoad: 0, sysLoad: 1.5 });
  });
});

describe('InterfaceCounters', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fleet-net-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const clock = (now: { ms: number }): Clock => ({
    nowMs: () => now.ms,
    monotonicMs: () => now.ms,
    setTimer: () => ({ cancel: () => undefined }),
    setRepeating: () => ({ cancel: () => undefined }),
  });

  const write = (file: string, eth0Bytes: number, eth0Packets: number): void =>
    writeFileSync(
      file,
      [
        'Inter-|   Receive                                                |  Transmit',
        ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop',
        '    lo: 9 9 0 0 0 0 0 0 999999 9999 0 0 0 0 0 0',
        `  eth0: 5 5 0 0 0 0 0 0 ${eth0Bytes} ${eth0Packets} 0 3 0 0 0 0`,
        '  eth1:5 5 0 0 0 0 0 0 1000 10 0 1 0 0 0 0',
      ].join('\n'),
    );

  test('gives what left the machine since the last reading, without the loopback', async () => {
    const file = join(folder, 'dev');
    const now = { ms: 0 };
    const counters = new InterfaceCounters({ clock: clock(now), file });
    write(file, 1_000, 10);
    expect(await counters.read()).toBeUndefined();
    write(file, 3_000, 30);
    now.ms = 2_000;
    expect(await counters.read()).toEqual({ txBps: 8_000, txPacketsPerSecond: 10, txDropped: 4 });
  });

  test('counts only the interfaces it is told, and is silent where there are no such counters', async () => {
    const file = join(folder, 'dev');
    const now = { ms: 0 };
    const counters = new InterfaceCounters({ clock: clock(now), file, interfaces: ['eth1'] });
    write(file, 1_000, 10);
    await counters.read();
    write(file, 9_000, 90);
    now.ms = 1_000;
    expect(await counters.read()).toEqual({ txBps: 0, txPacketsPerSecond: 0, txDropped: 1 });
    const elsewhere = new InterfaceCounters({ clock: clock(now), file: join(folder, 'missing') });
    expect(await elsewhere.read()).toBeUndefined();
  });
});
