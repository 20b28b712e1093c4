import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { Context } from 'aws-lambda';
import { readStoreSettings, readText, readWholeNumber } from '../common/environment';
import { createLog } from '../common/log';
import { boundedRequests } from '../common/sdk-options';
import { createSecretsClient, secretReader } from '../common/secret-reader';
import { StoreClient } from '../common/store-client';
import { StorePassword } from '../common/store-password';
import { systemClock } from '../common/system-clock';
import { DrainStore } from './drain-store';
import { LifecycleDrain } from './lifecycle-drain';
import { readLifecycleEvent } from './lifecycle-event';
import { ScalingGroup } from './scaling-group';

/** Left for the log and the answer at the end of an invocation, milliseconds. */
const MARGIN_MS = 2_000;
const NAME = /^[\x21-\x7e]{1,255}$/;

/** What tests replace: where the clients come from, and what the store's certificate is trusted by. */
export interface HandlerParts {
  env: Readonly<Record<string, string | undefined>>;
  autoScaling?: AutoScalingClient | undefined;
  ca?: string | undefined;
  storeTimeoutMs?: number | undefined;
  writeLog?: ((line: string) => void) | undefined;
}

export interface LifecycleHandler {
  (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void>;
  /** Ends the connection to Redis. */
  close(): void;
}

/** The composition root. @throws FleetError FLEET_ERR_CONFIG */
export function createHandler(parts: HandlerParts): LifecycleHandler {
  const { env, ca, storeTimeoutMs, writeLog } = parts;
  const settings = readStoreSettings(env);
  const groupName = readText(env, 'FLEET_ASG_NAME', NAME, 'must be the name of a group');
  const hookName = readText(env, 'FLEET_HOOK_NAME', NAME, 'must be the name of a hook');
  const minutes = (name: string): number => readWholeNumber(env, name, 1, 2_880) * 60_000;
  const nowMs = () => systemClock.nowMs();
  const log = createLog({ groupName, nowMs, write: writeLog });
  const client = new StoreClient({
    settings,
    password: settings.secretArn
      ? new StorePassword(settings.secretArn, secretReader(createSecretsClient()))
      : undefined,
    connectionName: 'lifecycle-drain',
    timeoutMs: storeTimeoutMs,
    ca,
  });
  const drain = new LifecycleDrain({
    group: new ScalingGroup({
      client: parts.autoScaling ?? new AutoScalingClient(boundedRequests()),
      groupName,
      hookName,
    }),
    store: new DrainStore(client, settings.keyPrefix),
    log,
    nowMs,
    scaleInWindowMs: minutes('FLEET_DRAIN_SCALE_IN_MINUTES'),
    imageRollWindowMs: minutes('FLEET_DRAIN_IMAGE_ROLL_MINUTES'),
  });
  const handle = async (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => {
    const budgetMs = Math.max(1_000, context.getRemainingTimeInMillis() - MARGIN_MS);
    await drain.run(readLifecycleEvent(event, { groupName, hookName }), AbortSignal.timeout(budgetMs));
  };
  return Object.assign(handle, { close: () => client.close() });
}
