import { AP, EU, synthesizeFleet, US, type SynthesizedFleet } from '../helpers/synthesize-fleet';
import { STATEFUL } from './stateful-types';

const one = synthesizeFleet();
const three = synthesizeFleet({ config: { regions: [EU, US, AP] } });

interface Json {
  Resources: Record<string, { Type: string }>;
  Outputs?: Record<string, { Value: Reference; Export?: { Name: string } }>;
}

type Reference = { Ref?: string; 'Fn::GetAtt'?: [string, string] } | string;

function templates(fleet: SynthesizedFleet): Json[] {
  return fleet.regions.flatMap(({ node, stacks }, index) =>
    [...(index === 0 ? ['secrets' as const] : []), ...(Object.keys(stacks) as (keyof typeof stacks)[])].map(
      (stack) => fleet.template(stack, node.id).toJSON() as Json,
    ),
  );
}

/** Types of the resources whose values other stacks import: as long as they do, these values can not change. */
function exportedTypes(fleet: SynthesizedFleet): Set<string> {
  const types = templates(fleet).flatMap(({ Resources, Outputs = {} }) =>
    Object.values(Outputs).flatMap(({ Value, Export }) => {
      if (!Export || typeof Value === 'string') return [];
      return Resources[Value.Ref ?? Value['Fn::GetAtt']?.[0] ?? '']?.Type ?? 'nothing of ours';
    }),
  );
  return new Set(types);
}

test('no reference between stacks is of the kind that leaves its reader with an old value', () => {
  for (const fleet of [one, three]) {
    expect(JSON.stringify(templates(fleet))).not.toContain('Fn::GetStackOutput');
  }
});

test('stacks import only what no release replaces, since an imported value can not change', () => {
  for (const fleet of [one, three]) {
    const types = exportedTypes(fleet);
    expect(types.size).toBeGreaterThan(0);
    expect([...types].filter((type) => !(type in STATEFUL))).toEqual([]);
  }
});

test('the image, which every release changes, crosses no border of stacks', () => {
  for (const fleet of [one, three]) {
    expect([...exportedTypes(fleet)].filter((type) => /ImageBuilder|LaunchTemplate/.test(type))).toEqual([]);
  }
});

test('synthesis looks nothing up', () => {
  for (const { app } of [one, three]) expect(app.synth().manifest.missing ?? []).toEqual([]);
});

test('every log group ends its lines after the days that the config says', () => {
  const groups = templates(three).flatMap(({ Resources }) =>
    Object.values(Resources).filter(({ Type }) => Type === 'AWS::Logs::LogGroup'),
  );
  expect(groups.length).toBeGreaterThan(0);
  for (const group of groups) expect(group).toMatchObject({ Properties: { RetentionInDays: 30 } });
});
