import { FleetError } from '../core/errors';
import type { NodeState } from '../core/node-state';
import type { HeartbeatReply } from '../core/placement/placement-port';
import type { MediaNode } from './media/media-node';
import type { MachineLoad } from './meter/machine-load';
import type { NodeReport, NodeStatePort } from './placement/node-registrar';

export interface NodeStatusOptions {
  media: MediaNode;
  machine: MachineLoad;
}

/** This node's own state, which nobody else changes, and what its heartbeat says. */
export class NodeStatus implements NodeStatePort {
  private currentState: NodeState = 'SERVING';
  private currentPhase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(private readonly options: NodeStatusOptions) {}

  get state(): NodeState {
    return this.currentState;
  }

  get phase(): 'starting' | 'running' | 'stopping' {
    return this.currentPhase;
  }

  /** Whether placement may send it work. */
  get ready(): boolean {
    return this.currentPhase === 'running' && this.options.media.ready;
  }

  started(): void {
    if (this.currentPhase === 'starting') this.currentPhase = 'running';
  }

  stopping(): void {
    this.currentPhase = 'stopping';
  }

  /** No new rooms from now on. Does nothing on a node that is already on its way out. */
  cordon(): NodeState {
    if (this.currentState === 'SERVING') this.currentState = 'CORDONED';
    return this.currentState;
  }

  uncordon(): NodeState {
    if (this.currentState === 'CORDONED') this.currentState = 'SERVING';
    return this.currentState;
  }

  readState(): NodeReport {
    const { capacity, committed, measured, rooms, peers, producers, consumers } =
      this.options.media.figures();
    return {
      state: this.currentState,
      ready: this.ready,
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
}
