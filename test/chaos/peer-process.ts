import { systemClock } from '../../local/fleet-runner/system-clock';
import { noCounts, noSamples } from '../../local/load/host-figures';
import { LoadPeer } from '../../local/load/load-peer';
import type { PeerSettings, PeerState } from '../../local/load/load-settings';
import { machineMs, type PeerCommand, type PeerReport } from './peer-messages';

/** The process of a crowd's synthetic peers: it does what its parent says, tells what they hear, and ends with it. */

const REPORT_EVERY_MS = 20;
const RECEPTION_EVERY_MS = 1_000;
const WATCH_EVERY_MS = 250;

const peers = new Map<string, LoadPeer>();
const leaving = new Set<string>();
const counts = noCounts();
const samples = noSamples();
const told = { states: new Map<string, PeerState>(), heardAtMs: new Map<string, number>() };
const machineAheadMs = machineMs() - systemClock.monotonicMs();
let settings: PeerSettings | undefined;

function obey(command: PeerCommand): void {
  if (command.type === 'begin') settings = command.settings;
  else if (command.type === 'leave') void leave(command.peerId);
  else if (settings) {
    const { spec } = command;
    const options = { spec, settings, clock: systemClock, random: Math.random, counts };
    peers.set(spec.peerId, new LoadPeer({ ...options, samples: () => samples }));
  }
}

/** That it has left is told when its connections are closed. */
async function leave(peerId: string): Promise<void> {
  leaving.add(peerId);
  await peers.get(peerId)?.leave();
  leaving.delete(peerId);
}

function report(): void {
  const states: PeerReport['states'] = {};
  const heardAtMs: PeerReport['heardAtMs'] = {};
  for (const [peerId, peer] of peers) {
    if (!leaving.has(peerId) && told.states.get(peerId) !== peer.state) {
      states[peerId] = peer.state;
      told.states.set(peerId, peer.state);
    }
    for (const [stream, atMs] of peer.lastPacketsAtMs()) {
      const key = `${peerId} ${stream}`;
      if (told.heardAtMs.get(key) === atMs) continue;
      told.heardAtMs.set(key, atMs);
      (heardAtMs[peerId] ??= {})[stream] = atMs + machineAheadMs;
    }
  }
  const { awayMs } = samples;
  Object.assign(samples, noSamples());
  if (process.connected) process.send?.({ counts, awayMs, states, heardAtMs } satisfies PeerReport);
}

systemClock.setRepeating(REPORT_EVERY_MS, report);
systemClock.setRepeating(WATCH_EVERY_MS, () => {
  for (const peer of peers.values()) peer.watchReception();
});
systemClock.setRepeating(RECEPTION_EVERY_MS, () => {
  for (const peer of peers.values()) void peer.reportReception();
});
process.on('message', obey);
process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C reaches the whole group; the parent decides what it means.
process.on('SIGINT', () => undefined);
