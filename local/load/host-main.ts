import { systemClock } from '../fleet-runner/system-clock';
import type { HostAnswer, HostCommand } from './host-messages';
import { PeerHost } from './peer-host';

/** A process of the load generator: it does what its parent says, and ends with it. */

/** For everybody to say that they leave, milliseconds. */
const STOP_TIMEOUT_MS = 3_000;

let host: PeerHost | undefined;
let stopping = false;

function send(answer: HostAnswer): void {
  if (process.connected) process.send?.(answer);
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  systemClock.setTimer(STOP_TIMEOUT_MS, () => process.exit(0));
  void (host?.stop() ?? Promise.resolve()).finally(() => process.exit(0));
}

function obey(command: HostCommand): void {
  switch (command.type) {
    case 'begin':
      host = new PeerHost({ settings: command.settings, clock: systemClock, random: Math.random });
      return send({ type: 'begun' });
    case 'add':
      return host?.add(command.peers);
    case 'remove':
      return void host?.remove(command.peerIds);
    case 'tick':
      if (host && !stopping) send({ type: 'tick', tick: host.tick() });
      return;
    case 'stop':
      if (host) send({ type: 'tick', tick: host.tick() });
      return stop();
  }
}

process.on('message', obey);
// The parent is gone, however it went: the rooms are left all the same.
process.on('disconnect', stop);
// A terminal's Ctrl-C reaches the whole group; the parent decides what it means.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', stop);
