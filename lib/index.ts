export type { FleetConfigInput } from '../core/deployment/fleet-config-schema';
export { FleetError } from '../core/errors';
export type { ExistingNetworkProps } from './constructs/existing-network';
export { defineFleet } from './define-fleet';
export { buildFleetApp, type BuiltFleetApp, type FleetAppOptions } from './fleet-app';
export { FleetRegion } from './fleet-region';
export { MediasoupFleet, type MediasoupFleetProps } from './mediasoup-fleet';
