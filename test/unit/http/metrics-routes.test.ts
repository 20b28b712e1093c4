import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MediaFigures } from '../../../node-app/metrics/node-metrics';
import { OPERATOR_TOKEN, type RunningNode, TOKEN_ACCESS, startNode } from './operator-fixture';

let node: RunningNode;
beforeEach(async () => {
  node = await startNode(TOKEN_ACCESS);
});
afterEach(() => node.close());

async function scrape(): Promise<string[]> {
  const response = await fetch(`${node.url}/metrics`, {
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  return (await response.text()).split('\n').filter((line) => !line.startsWith('#'));
}

const media: MediaFigures = {
  capacity: { egressBps: 1_000, packetsPerSecond: 100 },
  committed: { egressBps: 700, packetsPerSecond: 70 },
  measured: { egressBps: 300, packetsPerSecond: 30 },
  interfaceEgressBps: 350,
  usesInterfaces: false,
  rooms: 2,
  peers: 5,
  producers: 10,
  consumers: 40,
  workersAlive: 3,
  workersConfigured: 4,
};

describe('/metrics', () => {
  it('has exactly the metrics that docs/operations.md explains', () => {
    node.metrics.observeMedia(() => media);
    node.metrics.observeRegistration(() => ({
      state: 'SERVING',
      ready: true,
      redisUp: true,
      heartbeatAgeMs: 0,
    }));
    node.metrics.observeLinks(() => ({ connecting: 0, connected: 0, lost: 0 }));
    node.metrics.observeConnections(() => 0);
    node.metrics.observeWebhooks(() => ({ queued: 0, delivered: 0, dropped: 0, failedAttempts: 0 }));
    const page = readFileSync(join(__dirname, '../../../docs/operations.md'), 'utf8');

    const served = node.metrics.registry.getMetricsAsArray().map(({ name }) => name);

    const ours = served.filter((name) => name.startsWith('fleet_'));
    expect([...new Set(page.match(/\bfleet_[a-z_]+/g))].sort()).toEqual(ours.sort());
  });

  it('has the levels of every source that was given', async () => {
    node.metrics.observeMedia(() => media);
    node.metrics.observeRegistration(() => ({
      state: 'CORDONED',
      ready: true,
      redisUp: false,
      heartbeatAgeMs: 2_500,
    }));
    node.metrics.observeLinks(() => ({ connecting: 1, connected: 2, lost: 0 }));
    node.metrics.observeConnections(() => 17);
    node.metrics.observeWebhooks(() => ({ queued: 4, delivered: 9, dropped: 1, failedAttempts: 3 }));

    expect(await scrape()).toEqual(
      expect.arrayContaining([
        'fleet_node_info{node_id="node-a",release="0.1.0"} 1',
        'fleet_node_egress_bps 300',
        'fleet_node_interface_egress_bps 350',
        'fleet_node_egress_from_interfaces 0',
        'fleet_node_committed_egress_bps 700',
        'fleet_node_capacity_egress_bps 1000',
        'fleet_node_packets_per_second 30',
        'fleet_node_committed_packets_per_second 70',
        'fleet_node_capacity_packets_per_second 100',
        'fleet_node_rooms 2',
        'fleet_node_peers 5',
        'fleet_node_producers 10',
        'fleet_node_consumers 40',
        'fleet_node_workers 3',
        'fleet_node_workers_configured 4',
        'fleet_node_ready 1',
        'fleet_redis_up 0',
        'fleet_heartbeat_age_seconds 2.5',
        'fleet_node_state{state="SERVING"} 0',
        'fleet_node_state{state="CORDONED"} 1',
        'fleet_node_links{state="connecting"} 1',
        'fleet_node_links{state="connected"} 2',
        'fleet_node_links{state="lost"} 0',
        'fleet_node_connections 17',
        'fleet_webhooks_queued 4',
        'fleet_webhooks_delivered_total 9',
        'fleet_webhooks_dropped_total 1',
        'fleet_webhooks_failed_attempts_total 3',
      ]),
    );
  });

  it('counts what happened, and times only joins that succeeded', async () => {
    node.metrics.joinFinished({ result: 'ok', durationMs: 30 });
    node.metrics.joinFinished({ result: 'ok', durationMs: 90 });
    node.metrics.joinFinished({ result: 'FLEET_ERR_NO_CAPACITY', durationMs: 5_000 });
    node.metrics.joinFinished({ result: 'FLEET_ERR_TOKEN_EXPIRED', durationMs: 1 });
    node.metrics.sessionResumed();
    node.metrics.workerDied();

    expect(await scrape()).toEqual(
      expect.arrayContaining([
        'fleet_joins_total{result="ok"} 2',
        'fleet_joins_total{result="FLEET_ERR_NO_CAPACITY"} 1',
        'fleet_joins_total{result="FLEET_ERR_TOKEN_EXPIRED"} 1',
        'fleet_no_capacity_total 1',
        'fleet_sessions_resumed_total 1',
        'fleet_worker_deaths_total 1',
        'fleet_join_duration_seconds_bucket{le="0.05"} 1',
        'fleet_join_duration_seconds_bucket{le="0.1"} 2',
        'fleet_join_duration_seconds_count 2',
      ]),
    );
  });

  it('leaves a level out when its source fails, since a missing number is not a load of zero', async () => {
    let fails = false;
    node.metrics.observeMedia(() => {
      if (fails) throw new Error('the meter is gone');
      return media;
    });
    node.metrics.observeRegistration(() => ({
      state: 'SERVING',
      ready: true,
      redisUp: true,
      heartbeatAgeMs: undefined,
    }));
    expect(await scrape()).toContain('fleet_node_egress_bps 300');

    fails = true;
    const samples = (await scrape()).join('\n');

    expect(samples).not.toMatch(/^fleet_node_egress_bps/m);
    expect(samples).not.toMatch(/^fleet_heartbeat_age_seconds/m);
    expect(samples).toMatch(/^fleet_redis_up 1$/m);
  });

  it('reads each source once per scrape, so that its numbers fit together', async () => {
    let calls = 0;
    node.metrics.observeMedia(() => {
      calls += 1;
      return { ...media, rooms: calls, peers: calls };
    });

    await scrape();
    expect(await scrape()).toEqual(expect.arrayContaining(['fleet_node_rooms 2', 'fleet_node_peers 2']));
  });

  it('has the lag of the event loop and the memory of the process', async () => {
    const samples = (await scrape()).join('\n');
    expect(samples).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    expect(samples).toMatch(/^process_resident_memory_bytes \d/m);
  });
});
