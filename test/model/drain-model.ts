import { decideInstance, DEAD_AFTER_MS, type InstanceFacts } from '../../core/drain/decide-instance';
import {
  isBinding,
  isOwnDrain,
  ownDrainId,
  type DrainCommand,
  type DrainReason,
} from '../../core/drain/drain-command';
import { nextDrainStatus, SERVING_STATUS, type DrainStatus } from '../../core/drain/drain-machine';
import type { DrainReport } from '../../core/drain/drain-report';
import { takesNewPeers, takesNewRooms, type NodeState } from '../../core/node-state';
import type { Model, Step } from './explore';

/** Longer than a lease and than the silence that proves a node dead, so that one tick without a heartbeat does. */
const TICK_MS = 60_000;
const LEASE_MS = 3_000;
const WINDOW_MS = 3 * TICK_MS;
/** As AWS gives it. */
const SPOT_NOTICE_MS = 2 * TICK_MS;
const INSTANCE = 'i-1';

/** What may happen how often. */
export interface DrainBounds {
  ticks: number;
  joins: number;
  /** Each command from the environment is sent once; this many of them arrive twice. */
  duplicates: number;
  crashes: number;
  cuts: number;
  /** Redis loses everything. */
  wipes: number;
  /** Redis loses its last writes: it has the node as it served, without its claims and command. */
  losses: number;
  operatorDrains: number;
  uncordons: number;
  /** Spot notices, of which the node or the caretaker hears first, or only one of them. */
  spots: number;
  /** The node reads of its end in its instance's metadata. */
  ownDrains: number;
}

/** The decisions that the model runs on: production's, or a mutation that the check must find. */
export interface DrainRules {
  nextDrainStatus: typeof nextDrainStatus;
  decideInstance: typeof decideInstance;
}

export const PRODUCTION_RULES: DrainRules = { nextDrainStatus, decideInstance };

type Message =
  | { kind: 'drain'; command: DrainCommand }
  | { kind: 'uncordon' }
  /** The answer to a heartbeat. */
  | {
      kind: 'answer';
      reportedState: NodeState;
      reportedRooms: number;
      pendingClaims: number;
      command: DrainCommand | undefined;
    };

export interface DrainState {
  nowMs: number;
  left: DrainBounds;
  lifecycle: 'InService' | 'Terminating:Wait' | 'Terminating:Retained' | 'Terminated';
  isUp: boolean;
  isCut: boolean;
  status: DrainStatus;
  /** One room at most, with one peer or more. */
  rooms: number;
  /** Of claims whose peers came, the ones that no heartbeat has said so of. */
  unreportedClaims: number;
  /** Peers on their way with a claim. */
  arriving: number;
  /** To the node, in any order. */
  messages: Message[];
  /** Placement's record of the node. */
  record:
    { state: NodeState; leaseExpiresAtMs: number; peers: number; drain: DrainReport | undefined } | undefined;
  /** Placement knows of a room on the node. */
  hasRoomRecord: boolean;
  /** Placement's claims on the node. */
  claims: number;
  generationAtMs: number;
  /** Placement has an older heartbeat than the node knows it has taken. */
  isBehind: boolean;
  /** When the spot notice was given. */
  spotAtMs: number | undefined;
  stored: DrainCommand | undefined;
  /** What the properties are about: since the process began. */
  history: {
    /** Earliest deadline among the binding commands of others that the node was told. */
    tightestMs: number | undefined;
    wasBound: boolean;
    cancelled: string[];
    hasForgotten: boolean;
    broken: string | undefined;
  };
}

const NO_HISTORY: DrainState['history'] = {
  tightestMs: undefined,
  wasBound: false,
  cancelled: [],
  hasForgotten: false,
  broken: undefined,
};

export function drainModel(bounds: DrainBounds, rules: DrainRules = PRODUCTION_RULES): Model<DrainState> {
  return {
    initial: {
      nowMs: 10 * TICK_MS,
      left: bounds,
      lifecycle: 'InService',
      isUp: true,
      isCut: false,
      status: SERVING_STATUS,
      rooms: 0,
      unreportedClaims: 0,
      arriving: 0,
      messages: [],
      record: { state: 'SERVING', leaseExpiresAtMs: 10 * TICK_MS + LEASE_MS, peers: 0, drain: undefined },
      hasRoomRecord: false,
      claims: 0,
      generationAtMs: 0,
      isBehind: false,
      spotAtMs: undefined,
      stored: undefined,
      history: NO_HISTORY,
    },
    steps: (state) => steps(state, rules),
    key,
    violation,
    describe,
    calm: (state) => calm(state, rules),
    calmBound: 300,
  };
}

/** The order of messages under way and of repetitions in it says nothing. */
function key(state: DrainState): string {
  const { messages, ...rest } = state;
  return (
    JSON.stringify(rest) +
    messages
      .map((message) => JSON.stringify(message))
      .sort()
      .join()
  );
}

function steps(state: DrainState, rules: DrainRules): Step<DrainState>[] {
  if (state.lifecycle === 'Terminated' || state.history.broken !== undefined) return [];
  return [
    ...calls(state),
    ...environment(state, rules),
    ...state.messages.flatMap((message, index) => deliveries(state, index, message, rules)),
    ...(canBeat(state) ? [{ label: 'the node beats', next: beat(state, rules) }] : []),
    { label: 'the caretaker sweeps', next: sweep(state, undefined, rules) },
  ];
}

/** People come and go. */
function calls(state: DrainState): Step<DrainState>[] {
  const { record, left, rooms, arriving, isUp, nowMs } = state;
  const found: Step<DrainState>[] = [];
  const isAlive = record !== undefined && record.leaseExpiresAtMs > nowMs;
  if (
    left.joins > 0 &&
    isAlive &&
    (takesNewRooms(record.state) || (state.hasRoomRecord && takesNewPeers(record.state)))
  ) {
    found.push({
      label: 'placement gives the node a peer',
      next: {
        ...spend(state, 'joins'),
        claims: state.claims + 1,
        arriving: arriving + 1,
        hasRoomRecord: true,
      },
    });
  }
  if (arriving > 0 && isUp) {
    const { history } = state;
    // Where Redis lost a claim nobody can know of its peer; it must not be cut off then.
    const isTooLate =
      state.status.state === 'DRAINED' && !history.hasForgotten && 'a peer came to a DRAINED node';
    found.push({
      label: 'the peer comes',
      next: {
        ...state,
        arriving: arriving - 1,
        unreportedClaims: state.unreportedClaims + 1,
        rooms: 1,
        history: isTooLate ? { ...history, broken: isTooLate } : history,
      },
    });
  }
  if (rooms > 0) found.push({ label: 'the room ends, or has moved', next: { ...state, rooms: 0 } });
  return found;
}

/** AWS, operators, and what goes wrong. */
function environment(state: DrainState, rules: DrainRules): Step<DrainState>[] {
  const { left, nowMs, lifecycle, isUp, isCut, record, history } = state;
  const found: Step<DrainState>[] = [];
  const may = (what: keyof DrainBounds, label: string, change: () => Partial<DrainState>): void => {
    if (left[what] > 0) found.push({ label, next: { ...spend(state, what), ...change() } });
  };
  const send = (message: Message): Partial<DrainState> => ({ messages: [...state.messages, message] });
  may('ticks', `${TICK_MS / 1_000} s pass`, () => afterTick(state));
  if (lifecycle === 'InService') {
    found.push({
      label: 'AWS begins to end the instance',
      next: { ...state, lifecycle: 'Terminating:Wait' },
    });
  }
  may('operatorDrains', 'an operator drains', () =>
    send({ kind: 'drain', command: command('operator', nowMs) }),
  );
  may('uncordons', 'an operator uncordons', () => send({ kind: 'uncordon' }));
  if (lifecycle !== 'InService') {
    may('ownDrains', 'the node reads of its end', () => send({ kind: 'drain', command: ownCommand(nowMs) }));
  }
  const spotAtMs = state.spotAtMs ?? nowMs;
  may('spots', 'the node reads a spot notice', () => ({
    ...send({ kind: 'drain', command: command('spot', spotAtMs) }),
    spotAtMs,
  }));
  may('spots', 'the caretaker hears a spot notice', () => ({
    ...sweep(spend(state, 'spots'), { kind: 'spot', atMs: spotAtMs }, rules),
    spotAtMs,
  }));
  if (isUp) may('crashes', 'the process dies', () => ({ ...afterCrash(state), isUp: false }));
  else found.push({ label: 'the process starts', next: { ...state, isUp: true } });
  if (!isCut) may('cuts', 'the node is cut off from Redis', () => ({ isCut: true }));
  else found.push({ label: 'the node reaches Redis again', next: { ...state, isCut: false } });
  may('wipes', 'Redis forgets everything', () => ({
    record: undefined,
    hasRoomRecord: false,
    claims: 0,
    stored: undefined,
    generationAtMs: nowMs,
    isBehind: false,
    history: { ...history, hasForgotten: true },
  }));
  if (record) {
    may('losses', 'Redis loses its last writes', () => ({
      record: { ...record, state: 'SERVING', drain: undefined, peers: 0 },
      claims: 0,
      stored: undefined,
      isBehind: true,
      history: { ...history, hasForgotten: true },
    }));
  }
  return found;
}

function deliveries(
  state: DrainState,
  index: number,
  message: Message,
  rules: DrainRules,
): Step<DrainState>[] {
  if (!state.isUp) return [];
  const rest = state.messages.filter((_, other) => other !== index);
  const label = `the node gets ${describeMessage(message)}`;
  const found = [{ label, next: receive({ ...state, messages: rest }, message, rules) }];
  if (message.kind === 'drain' && state.left.duplicates > 0) {
    found.push({
      label: `${label}, and again later`,
      next: receive(spend(state, 'duplicates'), message, rules),
    });
  }
  return found;
}

function receive(state: DrainState, message: Message, rules: DrainRules): DrainState {
  switch (message.kind) {
    case 'drain':
      return told(state, message.command, rules);
    case 'uncordon': {
      const { status, history } = state;
      const after = rules.nextDrainStatus(status, { kind: 'uncordon' });
      const isCancelled = status.drain !== undefined && after.drain === undefined;
      const cancelled = isCancelled
        ? [...history.cancelled, status.drain?.commandId ?? '']
        : history.cancelled;
      return { ...state, status: after, history: { ...history, cancelled } };
    }
    case 'answer': {
      const after = message.command ? told(state, message.command, rules) : state;
      const { reportedState, reportedRooms, pendingClaims } = message;
      const answered = {
        kind: 'placementAnswered',
        reportedState,
        reportedRooms,
        pendingClaims,
        rooms: state.rooms,
      } as const;
      return { ...after, status: rules.nextDrainStatus(after.status, answered) };
    }
  }
}

function told(state: DrainState, drain: DrainCommand, rules: DrainRules): DrainState {
  const { history } = state;
  const binds = isBinding(drain.reason);
  const deadlines = [history.tightestMs, binds && !isOwnDrain(drain) ? drain.deadlineAtMs : undefined];
  const known = deadlines.filter((deadline) => deadline !== undefined);
  return {
    ...state,
    status: rules.nextDrainStatus(state.status, { kind: 'drain', command: drain }),
    history: {
      ...history,
      tightestMs: known.length > 0 ? Math.min(...known) : undefined,
      wasBound: history.wasBound || binds,
    },
  };
}

function canBeat({ isUp, isCut, messages }: DrainState): boolean {
  // The registrar has one heartbeat under way at a time.
  return isUp && !isCut && !messages.some(({ kind }) => kind === 'answer');
}

/** As heartbeat-18.lua: settles the claims whose peers came, renews the lease, forgets the room when nothing is left. */
function beat(state: DrainState, rules: DrainRules): DrainState {
  const { nowMs, rooms, isBehind } = state;
  const generationAtMs = isBehind && nowMs - state.generationAtMs >= LEASE_MS ? nowMs : state.generationAtMs;
  const status = rules.nextDrainStatus(state.status, { kind: 'timePassed', nowMs, rooms, peers: rooms });
  const claims = Math.max(0, state.claims - state.unreportedClaims);
  const answer: Message = {
    kind: 'answer',
    reportedState: status.state,
    reportedRooms: rooms,
    pendingClaims: claims,
    command: state.stored,
  };
  return {
    ...state,
    status,
    claims,
    unreportedClaims: 0,
    hasRoomRecord: rooms > 0 || claims > 0,
    record: {
      state: status.state,
      leaseExpiresAtMs: nowMs + LEASE_MS,
      peers: rooms + claims,
      drain: status.drain,
    },
    generationAtMs,
    isBehind: false,
    messages: [...state.messages, answer],
  };
}

function sweep(state: DrainState, notice: InstanceFacts['notice'], rules: DrainRules): DrainState {
  const { nowMs, record, stored, lifecycle, generationAtMs } = state;
  const { actions } = rules.decideInstance(
    {
      instanceId: INSTANCE,
      lifecycleState: lifecycle,
      launchTemplateVersion: 1,
      node: record && { ...record, rooms: record.peers },
      removedAtMs: undefined,
      command: stored,
      notice,
    },
    {
      nowMs,
      storeNowMs: nowMs,
      // Other nodes live; as lambdas/lifecycle-drain has it.
      silenceIsProof: nowMs - generationAtMs >= DEAD_AFTER_MS,
      launchTemplateVersion: 1,
      hookGlobalTimeoutMs: 48 * 3_600_000,
      scaleInWindowMs: WINDOW_MS,
      imageRollWindowMs: WINDOW_MS,
    },
  );
  let after = state;
  for (const action of actions) {
    if (action.kind === 'command') after = { ...after, stored: write(after.stored, action.command) };
    else if (action.kind === 'terminateRetained') after = ended(after);
    else if (action.kind === 'complete') {
      after = action.result === 'CONTINUE' ? ended(after) : { ...after, lifecycle: 'Terminating:Retained' };
    }
  }
  return after;
}

/** As the caretaker's script writes it: what binds, then what is due first, stays. */
function write(old: DrainCommand | undefined, next: DrainCommand): DrainCommand {
  if (old === undefined) return next;
  const [was, is] = [isBinding(old.reason), isBinding(next.reason)];
  if (was && !is) return old;
  return was === is && old.deadlineAtMs <= next.deadlineAtMs ? old : next;
}

/** The instance is gone. Peers may be lost only with a node that has been silent for so long that it is taken for dead. */
function ended(state: DrainState): DrainState {
  const { record, nowMs, rooms, isUp, arriving, history } = state;
  const silentMs = record ? nowMs - record.leaseExpiresAtMs : Number.POSITIVE_INFINITY;
  const isKill = isUp && rooms + arriving > 0 && silentMs < DEAD_AFTER_MS;
  const broken = isKill ? 'the instance was ended under its calls' : history.broken;
  return { ...state, lifecycle: 'Terminated', messages: [], history: { ...history, broken } };
}

/** Longer than a claim waits for its peer: gateways give up earlier. */
function afterTick(state: DrainState): Partial<DrainState> {
  return {
    nowMs: state.nowMs + TICK_MS,
    arriving: 0,
    claims: Math.min(state.claims, state.unreportedClaims),
  };
}

function afterCrash(state: DrainState): Partial<DrainState> {
  const { broken, hasForgotten } = state.history;
  return {
    status: SERVING_STATUS,
    rooms: 0,
    arriving: 0,
    unreportedClaims: 0,
    messages: [],
    // The claims of a process that is gone end with their time; its room, with its next list.
    claims: 0,
    history: { ...NO_HISTORY, broken, hasForgotten },
  };
}

function violation({ history, status, lifecycle }: DrainState): string | undefined {
  if (history.broken !== undefined) return history.broken;
  if (lifecycle === 'Terminated') return undefined;
  if (history.wasBound && !(status.drain && isBinding(status.drain.reason))) {
    return 'a drain that binds was lost';
  }
  if (history.tightestMs !== undefined && (status.drain?.deadlineAtMs ?? 0) > history.tightestMs) {
    return 'the node drains more slowly than it was told';
  }
  if (status.drain && history.cancelled.includes(status.drain.commandId)) {
    return 'a drain that was taken back is under way again';
  }
  return undefined;
}

/** Faults are over, rooms end when they are asked to, everybody has a turn, and then time passes. */
function calm(state: DrainState, rules: DrainRules): Step<DrainState> | undefined {
  const { lifecycle, status, messages, nowMs } = state;
  const isDraining = status.drain !== undefined && status.state !== 'DRAINED';
  if (lifecycle === 'Terminated') return undefined;
  if (!state.isUp) return { label: 'the process starts', next: { ...state, isUp: true } };
  if (state.isCut) return { label: 'the node reaches Redis again', next: { ...state, isCut: false } };
  const [message] = messages;
  if (message) {
    const rest = messages.slice(1);
    const label = `the node gets ${describeMessage(message)}`;
    return { label, next: receive({ ...state, messages: rest }, message, rules) };
  }
  // An operator's drain that was told is carried out or was taken back; what ends an instance is not done before it ended.
  if (lifecycle === 'InService' && !isDraining) return undefined;
  if (state.arriving > 0) {
    return {
      label: 'the peer comes',
      next: {
        ...state,
        arriving: state.arriving - 1,
        rooms: 1,
        unreportedClaims: state.unreportedClaims + 1,
      },
    };
  }
  const swept = sweep(state, undefined, rules);
  if (key(swept) !== key(state)) return { label: 'the caretaker sweeps', next: swept };
  if (isDraining && state.rooms > 0) return { label: 'the room moves', next: { ...state, rooms: 0 } };
  const beaten = beat({ ...state, nowMs: nowMs + LEASE_MS }, rules);
  return { label: 'the node beats', next: beaten };
}

function command(reason: DrainReason, atMs: number): DrainCommand {
  const windowMs = reason === 'spot' ? SPOT_NOTICE_MS : WINDOW_MS;
  const commandId = reason === 'spot' ? `spot:${INSTANCE}` : `${reason}:${atMs}`;
  return { commandId, reason, issuedAtMs: atMs, deadlineAtMs: atMs + windowMs };
}

function ownCommand(atMs: number): DrainCommand {
  // As node-app/aws has it: dated back, so that whoever knows the reason is the newer one.
  return {
    commandId: ownDrainId(INSTANCE),
    reason: 'scale-in',
    issuedAtMs: atMs - 3_600_000,
    deadlineAtMs: atMs + TICK_MS,
  };
}

function spend(state: DrainState, what: keyof DrainBounds): DrainState {
  return { ...state, left: { ...state.left, [what]: state.left[what] - 1 } };
}

function describeMessage(message: Message): string {
  if (message.kind === 'drain') return `the command ${message.command.commandId}`;
  if (message.kind === 'uncordon') return 'an uncordon';
  return `the answer to ${message.reportedState} (${message.pendingClaims} claims, ${message.command?.commandId ?? 'no command'})`;
}

function describe(state: DrainState): string {
  const { nowMs, lifecycle, isUp, isCut, status, rooms, arriving, record, stored, claims } = state;
  const node = isUp ? `${status.state} ${status.drain?.commandId ?? ''} rooms=${rooms}` : 'down';
  const known = record ? `${record.state} lease=${record.leaseExpiresAtMs / 1_000}` : 'nothing';
  return `t=${nowMs / 1_000} ${lifecycle} node[${node}]${isCut ? ' cut' : ''} arriving=${arriving} redis[${known} claims=${claims} command=${stored?.commandId ?? '-'}]`;
}
