import { costFloor } from '../../../core/deployment/cost-floor';
import { resolveFleetConfig } from '../../../core/deployment/fleet-config';

const INPUT = {
  regions: [{ name: 'us-east-1', availabilityZones: ['us-east-1a', 'us-east-1b'] }],
  domain: { name: 'calls.example.com', hostedZoneId: 'Z0123456789EXAMPLE' },
};

function floorOf(input: object) {
  const [floor] = costFloor(resolveFleetConfig({ ...INPUT, ...input }));
  if (!floor) throw new Error('no region');
  return floor;
}

test('the floor is the fewest nodes, all month, and what stands beside them', () => {
  const floor = floorOf({});
  expect(floor.items.find(({ what }) => what.includes('c7gn.large'))?.usdPerMonth).toBeCloseTo(
    2 * 0.1248 * 730,
  );
  expect(floor.items.find(({ what }) => what.includes('interface endpoints'))?.usdPerMonth).toBeCloseTo(29.2);
  expect(floor.usdPerMonth).toBeCloseTo(
    floor.items.reduce((sum, { usdPerMonth = 0 }) => sum + usdPerMonth, 0),
  );
});

test('a further node adds its instance, its address, its volume and its metrics', () => {
  const more = floorOf({ nodes: { min: 3 } }).usdPerMonth - floorOf({}).usdPerMonth;
  expect(more).toBeCloseTo((0.1248 + 0.005) * 730 + 16 * 0.08 + 2.628, 2);
});

test('a warm pool costs the volumes of its stopped instances', () => {
  const more = floorOf({ nodes: { warmPool: { minSize: 3 } } }).usdPerMonth - floorOf({}).usdPerMonth;
  expect(more).toBeCloseTo(3 * 16 * 0.08);
});

test('a type without a price is said to have none, and is not free', () => {
  const floor = floorOf({
    nodes: {
      instanceTypes: ['z9.large'],
      instanceLimits: { 'z9.large': { vcpus: 2, baselineGbps: 5, architecture: 'arm64' } },
    },
    store: { nodeType: 'cache.z9.large' },
  });
  expect(floor.items.filter(({ usdPerMonth }) => usdPerMonth === undefined)).toHaveLength(2);
});
