import { decideGroup } from '../../core/drain/decide-group';
import type {
  GroupFacts,
  InstanceAction,
  InstanceDecision,
  InstanceFacts,
} from '../../core/drain/decide-instance';
import type { CaretakerMetric } from '../../core/drain/caretaker-metrics';
import { describeError, type Log } from '../common/log';
import { mapBounded } from '../common/map-bounded';
import type { DrainStore, StoreView } from './drain-store';
import type { LifecycleOccasion } from './lifecycle-event';
import type { GroupView, ScalingGroup } from './scaling-group';

export interface LifecycleDrainOptions {
  group: ScalingGroup;
  store: DrainStore;
  log: Log;
  /** Wall clock, milliseconds. */
  nowMs: () => number;
  scaleInWindowMs: number;
  imageRollWindowMs: number;
}

/** At once, per invocation: well below what throttles Auto Scaling's API. */
const INSTANCES_AT_ONCE = 8;

type InstanceOccasion = Exclude<LifecycleOccasion, { kind: 'sweep' | 'foreign' }>;

/** Sees leaving instances out. Each run looks at what is, decides, and acts; running twice changes nothing more. */
export class LifecycleDrain {
  readonly #options: LifecycleDrainOptions;

  constructor(options: LifecycleDrainOptions) {
    this.#options = options;
  }

  /**
   * @throws what kept it from describing the group; an AggregateError of the actions that failed for another reason
   *   than throttling, after all the others are done
   */
  async run(occasion: LifecycleOccasion, abortSignal: AbortSignal): Promise<void> {
    const { group, log } = this.#options;
    if (occasion.kind === 'foreign') {
      log.warn('an event that is not ours', occasion);
      return;
    }
    const seen = await group.describe(abortSignal);
    if (!seen) {
      log.warn('the group does not exist');
      return;
    }
    const view = occasion.kind === 'sweep' ? seen : withOccasion(seen, occasion);
    const concerned =
      occasion.kind === 'sweep'
        ? view.instances
        : view.instances.filter(({ instanceId }) => instanceId === occasion.instanceId);
    if (concerned.length === 0) {
      // Spot notices name no group, and an event may come after its instance has gone.
      log.info('no instance of this group is concerned', occasion);
      return;
    }
    const placement = await this.#readStore(view);
    if (occasion.kind === 'sweep') await this.#noteGroup(view, placement);

    const decisions = decideGroup(
      view.instances.map((instance) => factsOf(instance, occasion, placement)),
      this.#groupFacts(view, placement),
    );
    const tally: Partial<Record<CaretakerMetric, number>> = {};
    const outcomes = await mapBounded(concerned, INSTANCES_AT_ONCE, async ({ instanceId }) => {
      const decision = decisions.get(instanceId);
      if (!decision || decision.actions.length === 0) return;
      this.#audit(instanceId, decision, placement);
      await this.#act(instanceId, decision, placement !== undefined, tally, abortSignal);
    });
    if (Object.keys(tally).length > 0) log.count(tally);
    this.#finish(outcomes, occasion, placement);
  }

  async #readStore(view: GroupView): Promise<StoreView | undefined> {
    const { store, log } = this.#options;
    try {
      return await store.read(view.instances.map(({ instanceId }) => instanceId));
    } catch (error) {
      // Nothing drains while placement is away: its calls go on, and the hooks must outlast it.
      log.error('placement did not answer: hooks are kept alive, nothing is decided', {
        error: describeError(error),
      });
      log.count({ StoreUnavailable: 1 });
      return undefined;
    }
  }

  /** What the termination policy will read, and what the dashboard shows. */
  async #noteGroup(view: GroupView, placement: StoreView | undefined): Promise<void> {
    const { store, log } = this.#options;
    const inState = (state: string): number =>
      view.instances.filter(({ lifecycleState }) => lifecycleState === state).length;
    log.count({
      RetainedInstances: inState('Terminating:Retained'),
      TerminatingInstances: inState('Terminating:Wait'),
    });
    if (!placement) return;
    try {
      await store.writeInventory({
        v: 1,
        atMs: placement.nowMs,
        isMixed: view.isMixed,
        instances: view.instances
          .filter((instance) => instance.lifecycleState === 'InService' && !instance.isProtectedFromScaleIn)
          .map(({ instanceId, availabilityZone }) => ({ instanceId, availabilityZone })),
      });
    } catch (error) {
      log.warn('the inventory was not written', { error: describeError(error) });
    }
  }

  #groupFacts(view: GroupView, placement: StoreView | undefined): GroupFacts {
    const { nowMs, scaleInWindowMs, imageRollWindowMs } = this.#options;
    return {
      nowMs: nowMs(),
      // Without placement no lease counts.
      storeNowMs: placement?.nowMs ?? nowMs(),
      silenceIsProof: placement?.silenceIsProof ?? false,
      launchTemplateVersion: view.launchTemplateVersion,
      hookGlobalTimeoutMs: view.hookGlobalTimeoutMs,
      scaleInWindowMs,
      imageRollWindowMs,
    };
  }

  #audit(instanceId: string, decision: InstanceDecision, placement: StoreView | undefined): void {
    const isLoud = decision.actions.some(
      (action) => action.kind === 'complete' && action.result === 'ABANDON',
    );
    this.#options.log[isLoud ? 'error' : 'info']('decided', {
      audit: 'lifecycle-drain',
      instanceId,
      because: decision.because,
      actions: decision.actions,
      node: placement?.nodes.get(instanceId),
      command: placement?.commands.get(instanceId),
    });
  }

  async #act(
    instanceId: string,
    { actions }: InstanceDecision,
    isStoreUp: boolean,
    tally: Partial<Record<CaretakerMetric, number>>,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const { store } = this.#options;
    let commandFailure: Error | undefined;
    for (const action of actions) {
      if (action.kind === 'command') {
        // A command that can't be written must not cost the hook its heartbeat.
        if (isStoreUp) {
          await store.writeCommand(instanceId, action.command).catch((error: unknown) => {
            commandFailure = new Error('the command was not written', { cause: error });
          });
        }
      } else {
        const metric = await this.#perform(instanceId, action, abortSignal);
        if (metric) tally[metric] = (tally[metric] ?? 0) + 1;
        if (metric === 'DrainsCompleted' && isStoreUp) await this.#forget(instanceId);
      }
    }
    if (commandFailure) throw commandFailure;
  }

  /** The metric that it counts for, if any. */
  async #perform(
    instanceId: string,
    action: Exclude<InstanceAction, { kind: 'command' }>,
    abortSignal: AbortSignal,
  ): Promise<CaretakerMetric | undefined> {
    const { group, log } = this.#options;
    let isDone: boolean;
    let metric: CaretakerMetric | undefined;
    switch (action.kind) {
      case 'heartbeat':
        isDone = await group.heartbeat(instanceId, abortSignal);
        break;
      case 'complete':
        isDone = await group.complete(instanceId, action.result, abortSignal);
        metric = action.result === 'CONTINUE' ? 'DrainsCompleted' : 'DrainsFailed';
        break;
      case 'markUnhealthy':
        isDone = await group.markUnhealthy(instanceId, abortSignal);
        metric = 'NodesReplaced';
        break;
      case 'terminateRetained':
        isDone = await group.terminateRetained(instanceId, abortSignal);
        metric = 'DrainsCompleted';
        break;
    }
    if (!isDone) log.info('it was over already', { instanceId, action: action.kind });
    return isDone ? metric : undefined;
  }

  /** The instance is on its way out; a record that stays would only be read by a namesake. */
  async #forget(instanceId: string): Promise<void> {
    const { store, log } = this.#options;
    await store.forgetCommand(instanceId).catch((error: unknown) => {
      log.warn('the command was not removed', { instanceId, error: describeError(error) });
    });
  }

  #finish(
    outcomes: readonly PromiseSettledResult<void>[],
    occasion: LifecycleOccasion,
    placement: StoreView | undefined,
  ): void {
    const { log } = this.#options;
    const failures: unknown[] = [];
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      const error = describeError(outcome.reason);
      if (isThrottling(outcome.reason)) log.warn('throttled: the next sweep goes on', { error });
      else {
        log.error('an instance was not dealt with', { error });
        failures.push(outcome.reason);
      }
    }
    // The sweep can't repeat these: nothing but the event says so. Lambda repeats the event.
    if (!placement && (occasion.kind === 'spot' || occasion.kind === 'rebalance')) {
      failures.push(new Error('placement did not answer: the node could not be told'));
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} actions failed`);
  }
}

/** An instance of the warm pool that ends is let go on the event's word, whether the pool still lists it or not. */
function withOccasion(view: GroupView, occasion: InstanceOccasion): GroupView {
  if (occasion.kind !== 'warmTerminating') return view;
  const others = view.instances.filter(({ instanceId }) => instanceId !== occasion.instanceId);
  const ending = {
    instanceId: occasion.instanceId,
    lifecycleState: 'Warmed:Terminating:Wait',
    availabilityZone: '',
    launchTemplateVersion: undefined,
    isProtectedFromScaleIn: false,
  };
  return { ...view, instances: [...others, ending] };
}

function factsOf(
  instance: GroupView['instances'][number],
  occasion: LifecycleOccasion,
  placement: StoreView | undefined,
): InstanceFacts {
  const { instanceId, lifecycleState, launchTemplateVersion } = instance;
  const isNoticed =
    (occasion.kind === 'terminating' || occasion.kind === 'spot' || occasion.kind === 'rebalance') &&
    occasion.instanceId === instanceId;
  return {
    instanceId,
    lifecycleState,
    launchTemplateVersion,
    node: placement?.nodes.get(instanceId),
    removedAtMs: placement?.removedAtMs.get(instanceId),
    command: placement?.commands.get(instanceId),
    notice: isNoticed ? { kind: occasion.kind, atMs: occasion.atMs } : undefined,
  };
}

const THROTTLING = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
]);

function isThrottling(error: unknown): boolean {
  return error instanceof Error && THROTTLING.has(error.name);
}
