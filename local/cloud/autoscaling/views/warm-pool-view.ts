import type { WarmPoolConfiguration } from '@aws-sdk/client-auto-scaling';
import type { WarmPoolSettings } from '../warm-pool';

export function warmPoolView(pool: WarmPoolSettings): WarmPoolConfiguration {
  return {
    MinSize: pool.minSize,
    MaxGroupPreparedCapacity: pool.maxGroupPreparedCapacity,
    PoolState: pool.poolState,
    InstanceReusePolicy: { ReuseOnScaleIn: pool.reuseOnScaleIn },
  };
}
