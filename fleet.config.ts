import { defineFleet } from './lib';

// What `npx cdk deploy` deploys. All settings, with units and defaults: docs/configuration.md.
export default defineFleet({
  name: 'fleet',
  regions: [{ name: 'eu-central-1', availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] }],
  domain: {
    // Yours: the name that browsers connect to, and the Route 53 zone that it is in.
    name: 'calls.example.com',
    hostedZoneId: 'Z0123456789EXAMPLE',
  },
  alarms: { email: 'oncall@example.com' },
});
