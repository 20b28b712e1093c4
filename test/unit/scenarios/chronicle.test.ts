import { CloudJournal } from '../../../local/cloud/journal';
import { Chronicle } from '../../../local/scenarios/chronicle';
import { mergeOverrides } from '../../../local/scenarios/merge-overrides';

let nowMs = 0;
const journal = () => new CloudJournal({ nowMs: () => nowMs });
const state = (instanceId: string, to: string) =>
  ({ kind: 'instance-state', instanceId, from: undefined, to }) as const;

beforeEach(() => (nowMs = 0));

test('node minutes count from launch to end, and to now for those that live', () => {
  const cloud = journal();
  cloud.add(state('i-1', 'Pending'));
  const chronicle = new Chronicle(cloud, () => undefined);
  nowMs = 60_000;
  cloud.add(state('i-2', 'Pending'));
  cloud.add(state('i-1', 'InService'));
  nowMs = 180_000;
  cloud.add(state('i-1', 'Terminated'));
  expect(chronicle.nodeMinutes(300_000)).toBe(3 + 4);
});

test('only what comes after a mark counts, and nothing once it is closed', () => {
  const cloud = journal();
  const heard: string[] = [];
  const chronicle = new Chronicle(cloud, ({ kind }) => heard.push(kind));
  const alarm = { kind: 'alarm', alarmName: 'fleet-nodes-busy', from: 'OK', reason: '', value: 1 } as const;
  cloud.add({ ...alarm, to: 'ALARM' });
  const { mark } = chronicle;
  expect(chronicle.alarm('-busy')).toBeDefined();
  expect(chronicle.alarm('-busy', mark)).toBeUndefined();
  cloud.add({ ...alarm, to: 'OK' });
  expect(chronicle.alarm('-busy', mark)).toBeUndefined();
  chronicle.close();
  cloud.add({ ...alarm, to: 'ALARM' });
  expect(chronicle.alarm('-busy', mark)).toBeUndefined();
  expect(heard).toEqual(['alarm', 'alarm']);
});

test('overrides add to each other section by section', () => {
  const shared = { nodes: { max: 6 }, scaling: { scaleInAfterMinutes: 5 } };
  expect(mergeOverrides(shared, { nodes: { spot: { onDemandBase: 1 } }, image: { revision: 2 } })).toEqual({
    nodes: { max: 6, spot: { onDemandBase: 1 } },
    scaling: { scaleInAfterMinutes: 5 },
    image: { revision: 2 },
  });
  expect(mergeOverrides(shared, { nodes: { max: 3 } })).toMatchObject({ nodes: { max: 3 } });
});
