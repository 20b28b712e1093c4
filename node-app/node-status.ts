import type { Logger } from 'pino';
import type { Clock } from '../core/clock';
import type { DrainCommand } from '../core/drain/drain-command';
import type { DrainProgress, DrainReport } from '../core/drain/drain-report';
import { FleetError } from '../core/errors';
import type { NodeState } from '../core/node-state';
import type { CordonReport } from '../core/placement/cordon-report';
import type { HeartbeatReply, NodeHeartbeat, NodeRecord } from '../core/placement/placement-port';
import { NodeDrain } from './drain/node-drain';
import type { MediaNode } from './media/media-node';
import type { MachineLoad } from './meter/machine-load';
import type { LocalSessionHost } from './session/local-session-host';
import type { NodeReport, NodeStatePort } from './placement/node-registrar';

export interface NodeStatusOptions {
  media: MediaNode;
  sessions: Pick<LocalSessionHost, 'canOpen'>;
  machine: MachineLoad;
  /** What drains and cordons are told on: the clock of whoever gives their deadlines. */
  deadlineClock: Clock;
  logger: Logger;
}

/** This node's own state, which nobody else changes, and what its heartbeat says. */
export class NodeStatus implements NodeStatePort {
  private readonly nodeDrain: NodeDrain;
  private operatorCordon: CordonReport | undefined;
  private readonly drainWatchers: (() => void)[] = [];
  private currentPhase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(private readonly options: NodeStatusOptions) {
    const { media, deadlineClock, logger } = options;
    this.nodeDrain = new NodeDrain({
      occupancy: () => media.figures(),
      clock: deadlineClock,
      logger,
      onChanged: () => {
        for (const changed of this.drainWatchers) changed();
      },
    });
  }

  get state(): NodeState {
    return this.nodeDrain.state;
  }

  /** See NodeDrain. */
  get isMoving(): boolean {
    return this.nodeDrain.isMoving;
  }

  get phase(): 'starting' | 'running' | 'stopping' {
    return this.currentPhase;
  }

  /** Whether placement may send it work. */
  get ready(): boolean {
    const { media, sessions } = this.options;
    return this.currentPhase === 'running' && media.ready && sessions.canOpen;
  }

  started(): void {
    if (this.currentPhase === 'starting') this.currentPhase = 'running';
  }

  stopping(): void {
    this.currentPhase = 'stopping';
  }

  /**
   * What an operator has said of this node holds also when its process has crashed since. What AWS says of its instance
   * comes again by itself.
   */
  continueFrom({ cordon, drain }: Pick<NodeRecord, 'cordon' | 'drain'>): void {
    if (!cordon) return;
    this.operatorCordon = cordon;
    this.nodeDrain.cordon();
    if (drain?.reason === 'operator') this.nodeDrain.drain(drain);
    this.options.logger.info(
      { cordon, drain },
      'what an operator said before this process began still holds',
    );
  }

  /** See NodeDrain. `reason` is the operator's. */
  cordon(reason?: string): NodeState {
    this.noteCordon(reason);
    return this.nodeDrain.cordon();
  }

  uncordon(): NodeState {
    const state = this.nodeDrain.uncordon();
    // A drain because the instance ends is not taken back, and neither is what was said of it.
    if (state === 'SERVING') this.operatorCordon = undefined;
    return state;
  }

  /** See NodeDrain. `reason` is the operator's, in addition to the kind of drain. */
  drain(command: DrainCommand, reason?: string): NodeState {
    if (command.reason === 'operator') this.noteCordon(reason);
    return this.nodeDrain.drain(command);
  }

  /** The drain under way, or the one that led to DRAINED. */
  drainReport(): DrainReport | undefined {
    return this.nodeDrain.report();
  }

  /** See NodeDrain. */
  drainProgressed(progress: DrainProgress): void {
    this.nodeDrain.progressed(progress);
  }

  /** Those who carry drains out are told of each that begins, changes or is taken back. */
  watchDrain(watcher: () => void): void {
    this.drainWatchers.push(watcher);
  }

  readState(): NodeReport {
    const { capacity, committed, measured, rooms, peers, producers, consumers } =
      this.options.media.figures();
    // Looks at who is here, and so before the state is read.
    const drain = this.nodeDrain.report();
    return {
      state: this.nodeDrain.state,
      drain,
      cordon: this.operatorCordon,
      ready: this.ready,
      isMoving: this.nodeDrain.isMoving,
      capacity,
      committed,
      measured,
      load: {
        ...this.options.machine.read(),
        rooms,
        clients: peers,
        tracks: producers + consumers,
        bytesPerSecond: measured.egressBps / 8,
      },
    };
  }

  listRooms(): ReturnType<NodeStatePort['listRooms']> {
    return this.options.media.accounts.map((account) => account.report());
  }

  takeEndedRooms(): ReturnType<NodeStatePort['takeEndedRooms']> {
    return this.options.media.takeEndedRooms();
  }

  takeSeenClaims(): number[] {
    // 0 stands for a join without a claim, while placement was away.
    return this.options.media.takeSeenClaims().filter((seq) => seq > 0);
  }

  dropRooms(lostRooms: HeartbeatReply['lostRooms']): void {
    const epochs = new Map(this.options.media.accounts.map(({ roomId, epoch }) => [roomId, epoch]));
    for (const { roomId, epoch } of lostRooms) {
      const ours = epochs.get(roomId);
      // It may have ended, or have been given back to this node, since the heartbeat was composed.
      if (ours === undefined || ours >= epoch) continue;
      this.options.media.dropRoom(roomId, new FleetError('FLEET_ERR_ROOM_MOVED'));
    }
  }

  followHomes(homes: HeartbeatReply['homes']): void {
    for (const { roomId, ...place } of homes) this.options.media.followHome(roomId, place);
  }

  placementAnswered(heartbeat: NodeHeartbeat, reply: HeartbeatReply): boolean {
    if (reply.drainCommand) this.nodeDrain.drain(reply.drainCommand);
    const reported = { state: heartbeat.state, rooms: heartbeat.load.rooms };
    return this.nodeDrain.placementAnswered(reported, reply.pendingClaims) !== heartbeat.state;
  }

  /** Said again it keeps its beginning, and its reason unless there is a new one. */
  private noteCordon(reason: string | undefined): void {
    const before = this.operatorCordon;
    this.operatorCordon = {
      reason: reason ?? before?.reason,
      sinceMs: before?.sinceMs ?? this.options.deadlineClock.nowMs(),
    };
  }
}
