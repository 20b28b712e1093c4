import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CAPACITY_METRICS, METRIC_NAMES } from '../../../core/deployment/fleet-metrics';
import type { NodeState } from '../../../core/node-state';
import { parseEnaCounters, readEnaCounters } from '../../../node-app/aws/ena-counters';
import { metricData, type NodeFigures, type PublishedTotals } from '../../../node-app/aws/metric-data';
import { nodeFigures } from './node-figures';

const NOTHING: PublishedTotals = {
  totals: { joinsAccepted: 0, joinsFailed: 0, noCapacity: 0, reconnects: 0 },
  ena: undefined,
};
const head = { timestamp: new Date(1_000), autoScalingGroupName: 'nodes' };
const values = (figures: NodeFigures, published: PublishedTotals = NOTHING): Record<string, number> =>
  Object.fromEntries(
    metricData(figures, published, head).map(({ MetricName = '', Value = NaN }): [string, number] => [
      MetricName,
      Value,
    ]),
  );

describe('metrics of a node', () => {
  test('carry the group as their only dimension, at high resolution', () => {
    const data = metricData(nodeFigures(), NOTHING, head);
    expect(data.length).toBeLessThanOrEqual(METRIC_NAMES.length);
    for (const { MetricName, Dimensions, StorageResolution, Timestamp } of data) {
      expect(METRIC_NAMES).toContain(MetricName);
      expect(Dimensions).toEqual([{ Name: 'AutoScalingGroupName', Value: 'nodes' }]);
      expect(StorageResolution).toBe(1);
      expect(Timestamp).toEqual(new Date(1_000));
    }
  });

  test('tell load and capacity apart, in bits and packets', () => {
    expect(values(nodeFigures())).toMatchObject({
      EgressBps: 1_000_000_000,
      SafeEgressBps: 3_750_000_000,
      PacketsPerSecond: 100_000,
      SafePacketsPerSecond: 140_000,
      Rooms: 12,
      Peers: 80,
      HeartbeatAgeMs: 400,
      DrainingNodes: 0,
    });
  });

  test.each<NodeState>(['CORDONED', 'DRAINING', 'DRAINED'])(
    'of a node that is %s leave its load and capacity out of the pool',
    (state) => {
      const data = values(nodeFigures({ state }));
      for (const name of CAPACITY_METRICS) expect(data).not.toHaveProperty(name);
      expect(data).toMatchObject({ Rooms: 12, Peers: 80 });
    },
  );

  test('of a cordoned node say that it reports; of one that leaves its group nothing does', () => {
    expect(values(nodeFigures({ state: 'CORDONED' }))).toHaveProperty('InServiceNodes', 1);
    expect(values(nodeFigures({ isInService: false }))).not.toHaveProperty('InServiceNodes');
  });

  test('of a draining node tell who is still there', () => {
    expect(values(nodeFigures({ state: 'DRAINING' }))).toMatchObject({
      DrainingNodes: 1,
      DrainRemainingPeers: 80,
    });
  });

  test('count events since what CloudWatch has', () => {
    const totals = { joinsAccepted: 10, joinsFailed: 3, noCapacity: 2, reconnects: 5 };
    const before = { joinsAccepted: 4, joinsFailed: 3, noCapacity: 1, reconnects: 0 };
    expect(values(nodeFigures({ totals }), { totals: before, ena: undefined })).toMatchObject({
      JoinsAccepted: 6,
      JoinsFailed: 0,
      NoCapacity: 1,
      Reconnects: 5,
    });
  });

  test('what is not known is left out, never zero', () => {
    const data = values(nodeFigures({ heartbeatAgeMs: undefined }));
    expect(data).not.toHaveProperty('HeartbeatAgeMs');
    expect(data).not.toHaveProperty('EnaBwOutAllowanceExceeded');
  });

  test('of the network card begin with the second reading, and survive a new card', () => {
    const ena = { bwOut: 110, pps: 5, conntrack: 0 };
    expect(values(nodeFigures({ ena }))).not.toHaveProperty('EnaPpsAllowanceExceeded');
    const published = { totals: NOTHING.totals, ena: { bwOut: 100, pps: 7, conntrack: 0 } };
    expect(values(nodeFigures({ ena }), published)).toMatchObject({
      EnaBwOutAllowanceExceeded: 10,
      EnaPpsAllowanceExceeded: 5,
      EnaConntrackAllowanceExceeded: 0,
    });
  });
});

const ENA_OUTPUT = `NIC statistics:
     total_resets: 0
     tx_timeout: 0
     bw_in_allowance_exceeded: 9
     bw_out_allowance_exceeded: 1234567890123
     pps_allowance_exceeded: 4
     conntrack_allowance_exceeded: 0
     conntrack_allowance_available: 136812
     queue_0_tx_cnt: 1
`;

describe('counters of the network card', () => {
  test('are read from ethtool’s output', () => {
    expect(parseEnaCounters(ENA_OUTPUT)).toEqual({ bwOut: 1_234_567_890_123, pps: 4, conntrack: 0 });
    expect(parseEnaCounters('NIC statistics:\n     rx_packets: 1\n')).toBeUndefined();
    expect(parseEnaCounters('no stats available\n')).toBeUndefined();
  });

  test('are summed over cards, and absent without ethtool or an ENA', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'ena-'));
    try {
      const ethtool = path.join(folder, 'ethtool');
      // Whoever asks another card than an ENA gets a figure too many.
      await writeFile(ethtool, `#!/bin/sh\ncat <<'END'\n${ENA_OUTPUT}END\n`);
      await chmod(ethtool, 0o755);
      const machine = async (cards: Record<string, string>): Promise<string> => {
        const devices = await mkdtemp(path.join(folder, 'net-'));
        await mkdir(path.join(devices, 'lo'));
        for (const [name, driver] of Object.entries(cards)) {
          await mkdir(path.join(devices, name, 'device'), { recursive: true });
          await symlink(`../../../drivers/${driver}`, path.join(devices, name, 'device', 'driver'));
        }
        return devices;
      };
      const devices = await machine({ ens5: 'ena', ens6: 'ena', eth0: 'virtio_net' });
      expect(await readEnaCounters({ ethtool, devices })).toMatchObject({ pps: 8 });
      const other = await machine({ eth0: 'virtio_net' });
      expect(await readEnaCounters({ ethtool, devices: other })).toBeUndefined();
      expect(await readEnaCounters({ ethtool: path.join(folder, 'none'), devices })).toBeUndefined();
      expect(await readEnaCounters({ ethtool, devices: path.join(folder, 'none') })).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
