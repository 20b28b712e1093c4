import type { Clock } from '../../core/clock';
import { readStoreSettings, readText } from '../common/environment';
import { createLog, describeError } from '../common/log';
import { createSecretsClient, secretReader } from '../common/secret-reader';
import { StoreClient } from '../common/store-client';
import { StorePassword } from '../common/store-password';
import { systemClock } from '../common/system-clock';
import { within } from '../common/within';
import { chooseInstances } from './choose-instances';
import { CostStore, type CostView } from './cost-store';
import { readTerminationEvent } from './termination-event';

/**
 * For password, connection and answer of Redis, milliseconds. Auto Scaling waits 2 s for all, the start of the
 * function included; without an answer it asks again without end, and scale-in stalls.
 */
const STORE_BUDGET_MS = 700;

export interface HandlerParts {
  env: Readonly<Record<string, string | undefined>>;
  clock?: Clock | undefined;
  ca?: string | undefined;
  writeLog?: ((line: string) => void) | undefined;
}

export interface TerminationHandler {
  (event: unknown): Promise<{ InstanceIDs: string[] }>;
  /** Ends the connection to Redis. */
  close(): void;
}

/** The composition root. @throws FleetError FLEET_ERR_CONFIG */
export function createHandler({ env, clock = systemClock, ca, writeLog }: HandlerParts): TerminationHandler {
  const settings = readStoreSettings(env);
  const groupName = readText(env, 'FLEET_ASG_NAME', /^[\x21-\x7e]{1,255}$/, 'must be the name of a group');
  const log = createLog({ groupName, nowMs: () => clock.nowMs(), write: writeLog });
  const client = new StoreClient({
    settings,
    password: settings.secretArn
      ? new StorePassword(settings.secretArn, secretReader(createSecretsClient()))
      : undefined,
    connectionName: 'termination-policy',
    timeoutMs: STORE_BUDGET_MS,
    ca,
  });
  const store = new CostStore(client, settings.keyPrefix);

  const readCosts = async (instanceIds: string[]): Promise<CostView | undefined> => {
    try {
      const view = await within(store.read(instanceIds), STORE_BUDGET_MS, clock);
      if (!view) log.warn('placement could not say in time what anybody carries');
      return view;
    } catch (error) {
      log.warn('placement did not answer', { error: describeError(error) });
      return undefined;
    }
  };

  const handle = async (raw: unknown): Promise<{ InstanceIDs: string[] }> => {
    const startedAtMs = clock.monotonicMs();
    const event = readTerminationEvent(raw);
    const view =
      event.cause === 'REBALANCE'
        ? undefined
        : await readCosts(event.instances.map(({ instanceId }) => instanceId));
    const InstanceIDs = chooseInstances(event, view);
    log.info('chosen', {
      audit: 'termination-policy',
      cause: event.cause,
      capacity: event.capacity,
      suggested: event.instances.length,
      chosen: InstanceIDs.map((instanceId) => ({ instanceId, cost: view?.costs.get(instanceId) })),
      informed: view !== undefined,
      tookMs: Math.round(clock.monotonicMs() - startedAtMs),
    });
    if (!view && event.cause !== 'REBALANCE') log.count({ UninformedTerminations: 1 });
    return { InstanceIDs };
  };
  return Object.assign(handle, { close: () => client.close() });
}
