import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ONE_REGION, ROOT, synthesizeFleet } from '../helpers/synthesize-fleet';
import { STATEFUL } from './stateful-types';

const BASELINE = join(ROOT, 'test', 'cdk', 'stateful-baseline.json');

/** Logical ids with the properties of which a change replaces the resource. */
function statefulResources(): Record<string, Record<string, unknown>> {
  const fleet = synthesizeFleet({ config: ONE_REGION });
  const result: Record<string, Record<string, unknown>> = {};
  for (const stack of ['secrets', 'network', 'store', 'fleet'] as const) {
    for (const [type, properties] of Object.entries(STATEFUL)) {
      for (const [id, resource] of Object.entries(fleet.template(stack).findResources(type))) {
        const { Properties = {} } = resource as { Properties?: Record<string, unknown> };
        const kept = properties.flatMap((name): [string, unknown][] =>
          name in Properties ? [[name, Properties[name]]] : [],
        );
        result[`${stack}/${id}`] = Object.fromEntries<unknown>([['Type', type], ...kept]);
      }
    }
  }
  return result;
}

test('an upgrade replaces no stateful resource (a wanted change: UPDATE_BASELINE=1, and a line in the changelog)', () => {
  const now = statefulResources();
  if (process.env['UPDATE_BASELINE'] === '1') writeFileSync(BASELINE, `${JSON.stringify(now, null, 2)}\n`);
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as typeof now;
  // New resources are no harm.
  for (const [id, resource] of Object.entries(baseline))
    expect({ [id]: now[id] }).toEqual({ [id]: resource });
});
