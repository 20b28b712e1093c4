import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { PeerRole } from '../../core/capacity/egress-model';
import type { Placement, PlacementPort, PlacePeerRequest } from '../../core/placement/placement-port';
import type {
  PeerGrants,
  SessionDownlink,
  SessionHost,
  SessionUplink,
} from '../../core/session/session-port';
import { NodeUnreachableError } from '../link/node-unreachable-error';
import { nodeOfResumeToken } from '../session/resume-token';
import type { RoomDirectory } from './room-directory';

/** A room that moves while a peer joins is found again at once; more turns than this are no race any more. */
const MAX_ATTEMPTS = 4;
const PAUSE_BETWEEN_ATTEMPTS_MS = 100;
/** Longer than a lease, and less than a client waits for an answer, milliseconds. */
const RESUME_PATIENCE_MS = 4_000;

export interface JoinerOptions {
  nodeId: string;
  placement: PlacementPort;
  /** Sessions on a node: in-process for this one, else over its link. */
  hostOn: (nodeId: string, linkAddress: string) => SessionHost;
  /** Whether a link to that node is open: then its address need not be known. */
  isLinked: (nodeId: string) => boolean;
  directory: RoomDirectory;
  /** Whether a node without a link to here is silent for everybody, and from here. Never rejects. */
  isGone: (nodeId: string, linkAddress: string) => Promise<boolean>;
  /** What this gateway can say against a room's home that placement waits for. Never rejects. */
  evidenceAgainstHome: (roomId: string) => Promise<PlacePeerRequest['evidence']>;
  /** @default learned by placement */
  expectedPeers?: number | undefined;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

export interface JoinRequest {
  roomId: string;
  peerId: string;
  grants: PeerGrants;
  role: PeerRole;
  expectedPeers?: number | undefined;
  resumable: boolean;
  /** The client can migrate. */
  migratable: boolean;
  remoteAddress: string;
  /** The client is gone: nothing is to be opened for it any more. */
  isGone: () => boolean;
}

export interface MigrateRequest {
  roomId: string;
  peerId: string;
  /** Of the session that was asked to migrate. */
  migrateFrom: string;
  remoteAddress: string;
  /** As for `JoinRequest`. */
  isGone: () => boolean;
}

export interface ResumeRequest {
  roomId: string;
  peerId: string;
  resumeToken: string;
  lastSeq: number;
  remoteAddress: string;
}

export interface Joined {
  uplink: SessionUplink;
  mediaNodeId: string;
  /** Of a new session; one that is resumed keeps those it began with. */
  grants?: PeerGrants | undefined;
  /** To be called once when the client is no longer connected through this gateway. */
  left: () => void;
}

/** Brings a client to its media node: placement, then a session there, and again when the room has moved. */
export class Joiner {
  constructor(private readonly options: JoinerOptions) {}

  /** @throws FleetError */
  async join(request: JoinRequest, downlink: SessionDownlink): Promise<Joined> {
    return this.openWhere((evidence) => this.place(request, evidence), request, downlink);
  }

  /** @throws FleetError FLEET_ERR_SESSION_GONE, FLEET_ERR_NODE_UNREACHABLE */
  async resume(request: ResumeRequest, downlink: SessionDownlink): Promise<Joined> {
    const mediaNodeId = nodeOfResumeToken(request.resumeToken);
    if (!mediaNodeId) throw new FleetError('FLEET_ERR_SESSION_GONE');
    const known = this.options.directory.find(request.roomId);
    const uplink = await this.resumeOn(mediaNodeId, known, request, downlink);
    return { uplink, mediaNodeId, left: known ? this.options.directory.enter(known) : () => undefined };
  }

  /**
   * Opens the session to which an earlier one migrates, on another node of the room.
   * @throws FleetError FLEET_ERR_SESSION_GONE unless that session was asked to, FLEET_ERR_NO_CAPACITY, …
   */
  async migrate(request: MigrateRequest, downlink: SessionDownlink): Promise<Joined> {
    const { roomId, peerId, migrateFrom, remoteAddress, isGone } = request;
    const fromNodeId = nodeOfResumeToken(migrateFrom);
    if (!fromNodeId) throw new FleetError('FLEET_ERR_SESSION_GONE');
    const linkAddress = await this.linkAddressOf(fromNodeId, this.options.directory.find(roomId));
    const host = this.options.hostOn(fromNodeId, linkAddress);
    const { grants, role, toNodeId } = await host.migrate({ roomId, peerId, resumeToken: migrateFrom });
    const place = async (evidence: PlacePeerRequest['evidence']): Promise<Placement> => {
      const placement = await this.options.placement.placePeer({
        roomId,
        role,
        avoidNodeId: fromNodeId,
        toNodeId,
        evidence,
      });
      if (!placement.created) return placement;
      // Placement does not know where the room's others are: alone in another one nobody would be well.
      await this.release(placement);
      throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE');
    };
    return this.openWhere(
      place,
      { roomId, peerId, grants, role, resumable: true, migratable: true, remoteAddress, isGone },
      downlink,
      fromNodeId,
    );
  }

  /** Where placement says; at another node when that one is gone, or the room has moved meanwhile. */
  private async openWhere(
    place: (evidence: PlacePeerRequest['evidence']) => Promise<Placement>,
    request: JoinRequest,
    downlink: SessionDownlink,
    migratesFrom?: string,
  ): Promise<Joined> {
    let evidence: PlacePeerRequest['evidence'];
    for (let attempt = 1; ; attempt += 1) {
      const placement = await place(evidence);
      try {
        return await this.openOn(placement, request, downlink, migratesFrom);
      } catch (error) {
        await this.release(placement);
        const fleetError = FleetError.from(error);
        evidence = evidenceOf(fleetError, placement.nodeId);
        if (attempt >= MAX_ATTEMPTS || request.isGone() || !mayHaveMoved(fleetError)) {
          throw this.withRetryAfter(fleetError);
        }
        const { roomId, peerId } = request;
        this.options.logger.info(
          { roomId, peerId, mediaNodeId: placement.nodeId, code: fleetError.code, attempt },
          'join goes on at another node',
        );
        // A dead node is known as such: the room moves with the next call.
        if (evidence?.kind !== 'dead') await this.pause();
      }
    }
  }

  /** The client waits here rather than coming again and again, until it is known whether the node lives. */
  private async resumeOn(
    nodeId: string,
    known: Placement | undefined,
    request: ResumeRequest,
    downlink: SessionDownlink,
  ): Promise<SessionUplink> {
    const { hostOn, isGone, clock } = this.options;
    const gone = (what: string) =>
      new FleetError('FLEET_ERR_SESSION_GONE', { message: `the node of the session is ${what}` });
    const untilMs = clock.monotonicMs() + RESUME_PATIENCE_MS;
    for (;;) {
      const linkAddress = await this.linkAddressOf(nodeId, known);
      // Before the attempt: a dial into nowhere takes seconds.
      if (linkAddress !== '' && (await isGone(nodeId, linkAddress))) throw gone('silent');
      try {
        const gatewayNodeId = this.options.nodeId;
        return await hostOn(nodeId, linkAddress).resume({ ...request, gatewayNodeId }, downlink);
      } catch (error) {
        const isUnreachable = error instanceof NodeUnreachableError;
        // A dead node took its sessions along: waiting for it would be in vain.
        if (isUnreachable && error.evidence === 'dead') throw gone('gone');
        if (!isUnreachable || clock.monotonicMs() > untilMs) {
          throw this.withRetryAfter(FleetError.from(error));
        }
      }
      await this.pause();
    }
  }

  private async place(request: JoinRequest, evidence: PlacePeerRequest['evidence']): Promise<Placement> {
    const { roomId, role } = request;
    const expectedPeers = request.expectedPeers ?? this.options.expectedPeers;
    try {
      return await this.options.placement.placePeer({ roomId, role, expectedPeers, evidence });
    } catch (error) {
      const fleetError = FleetError.from(error);
      const known = this.options.directory.find(roomId);
      if (
        fleetError.code === 'FLEET_ERR_PLACEMENT_UNAVAILABLE' &&
        known &&
        known.nodeId !== evidence?.nodeId
      ) {
        return { ...known, created: false, claim: { ...known.claim, ...NO_CLAIM } };
      }
      const waits = fleetError.code === 'FLEET_ERR_PLACEMENT_UNAVAILABLE' && fleetError.cause === undefined;
      // Placement's own word, and not the want of it: it waits for a home that may be gone for good.
      const found = waits && !evidence ? await this.options.evidenceAgainstHome(roomId) : undefined;
      if (found !== undefined) return this.place(request, found);
      throw fleetError;
    }
  }

  private async openOn(
    placement: Placement,
    request: JoinRequest,
    downlink: SessionDownlink,
    migratesFrom?: string,
  ): Promise<Joined> {
    if (request.isGone()) throw new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the client is gone' });
    const { roomId, peerId, grants, role, resumable, migratable, remoteAddress } = request;
    const uplink = await this.options.hostOn(placement.nodeId, placement.linkAddress).open(
      {
        roomId,
        peerId,
        epoch: placement.epoch,
        claim: placement.claim,
        grants,
        role,
        remoteAddress,
        resumable,
        migratable,
        migratesFrom,
        gatewayNodeId: this.options.nodeId,
        nodes: placement.nodes,
        homeLinkAddress: placement.homeLinkAddress,
      },
      downlink,
    );
    return {
      uplink,
      mediaNodeId: placement.nodeId,
      grants,
      left: this.options.directory.enter(placement),
    };
  }

  private async release({ nodeId, roomId, claim }: Placement): Promise<void> {
    if (claim.seq === NO_CLAIM.seq) return;
    try {
      await this.options.placement.releaseClaim({ nodeId, roomId, seq: claim.seq });
    } catch (error) {
      // The node never sees the claim, so it decays with the reservation it was part of.
      this.options.logger.warn({ err: error, roomId, mediaNodeId: nodeId }, 'a claim could not be released');
    }
  }

  private async linkAddressOf(nodeId: string, known: Placement | undefined): Promise<string> {
    // Its session is resumed without asking Redis, which may be away.
    if (nodeId === this.options.nodeId || this.options.isLinked(nodeId)) return '';
    if (known?.nodeId === nodeId) return known.linkAddress;
    const record = await this.options.placement.findNode(nodeId);
    if (!record)
      throw new FleetError('FLEET_ERR_SESSION_GONE', { message: 'the node of the session is gone' });
    return record.linkAddress;
  }

  private withRetryAfter(error: FleetError): FleetError {
    if (!error.retriable || error.retryAfterMs !== undefined) return error;
    return new FleetError(error.code, {
      message: error.message,
      retryAfterMs: Math.floor(1_000 * (1 + this.options.random())),
      cause: error,
    });
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      this.options.clock.setTimer(PAUSE_BETWEEN_ATTEMPTS_MS * (1 + this.options.random()), resolve);
    });
  }
}

/** `seq` 0 stands for none: placement could not be asked. */
const NO_CLAIM = { seq: 0, reserved: { egressBps: 0, packetsPerSecond: 0 } };

/** What an error of a node says about it. One that stops says so itself: nothing more is to be had from it. */
function evidenceOf(error: FleetError, nodeId: string): PlacePeerRequest['evidence'] {
  if (error instanceof NodeUnreachableError) return { nodeId: error.nodeId, kind: error.evidence };
  return error.code === 'FLEET_ERR_SHUTTING_DOWN' ? { nodeId, kind: 'dead' } : undefined;
}

function mayHaveMoved(error: FleetError): boolean {
  return (
    error.code === 'FLEET_ERR_NODE_UNREACHABLE' ||
    error.code === 'FLEET_ERR_ROOM_MOVED' ||
    error.code === 'FLEET_ERR_SHUTTING_DOWN'
  );
}
