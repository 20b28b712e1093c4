import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, resourcesOf, synthesizeFleet } from '../helpers/synthesize-fleet';

interface Alarm {
  id: string;
  /** Without the group's name in front; undefined when CloudFormation generates it. */
  name: string | undefined;
  description: string;
}

const fleet = synthesizeFleet();
const alarms = (['network', 'store', 'fleet', 'observability'] as const).flatMap((stack) =>
  Object.entries(resourcesOf(fleet.template(stack), 'AWS::CloudWatch::Alarm')).map(
    ([id, { Properties }]): Alarm => {
      const { AlarmName, AlarmDescription } = Properties as Record<string, string | undefined>;
      return { id, name: AlarmName?.replace(/^fleet-nodes-/, ''), description: AlarmDescription ?? '' };
    },
  ),
);

/** What the alarm's message sends its reader to. */
function runbookOf({ description }: Alarm): string | undefined {
  return /Runbook: (.+)\.$/.exec(description)?.[1];
}

/** The runbooks by their headings. */
function runbooks(): Map<string, string> {
  const page = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith('Runbooks for the alarms on AWS\n'));
  const [, ...parts] = section?.split(/^### /m) ?? [];
  return new Map(
    parts.map((part): [string, string] => {
      const [heading = '', ...text] = part.split('\n');
      return [heading, text.join('\n')];
    }),
  );
}

test('every alarm names a runbook, and the runbook is there', () => {
  expect(alarms.length).toBeGreaterThan(0);
  const lost = alarms.filter((alarm) => !runbooks().has(runbookOf(alarm) ?? ''));
  expect(lost).toEqual([]);
});

test('a runbook names every alarm that leads to it, so that its name can be searched for', () => {
  const unnamed = alarms.filter((alarm) => {
    const runbook = runbookOf(alarm) ?? '';
    const text = `${runbook}\n${runbooks().get(runbook) ?? ''}`;
    return alarm.name !== undefined && runbook !== alarm.name && !text.includes(`\`${alarm.name}\``);
  });
  expect(unnamed).toEqual([]);
});

test('no runbook is left over from an alarm that is gone', () => {
  const named = new Set(alarms.map(runbookOf));
  expect([...runbooks().keys()].filter((heading) => !named.has(heading))).toEqual([]);
});

test.each(['Means', 'Notice', 'Look', 'Do', 'Not'])('every runbook has the part %s', (part) => {
  const without = [...runbooks()].filter(([, text]) => !text.includes(`\n- **${part}**: `));
  expect(without.map(([heading]) => heading)).toEqual([]);
});

test('the dashboard has every widget that a runbook names', () => {
  const titles = JSON.stringify(fleet.template('observability')).matchAll(/title\\+":\\+"(.+?)\\+"/g);
  const known = new Set(Array.from(titles, ([, title]) => title));
  const named = [...runbooks().values()].flatMap((text) =>
    [...text.matchAll(/[Dd]ashboard ((?:[\s,]|and|"[^"]+")+)/g)].flatMap(([, list = '']) =>
      Array.from(list.matchAll(/"([^"]+)"/g), ([, title = '']) => title.replace(/\s+/g, ' ')),
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((title) => !known.has(title))).toEqual([]);
});

test('the dashboard shows what an operator asks first', () => {
  const dashboard = JSON.stringify(fleet.template('observability'));
  for (const shown of [
    'Utilization',
    'HeadroomBps',
    'Rooms',
    'Peers',
    'NoCapacity',
    'GroupTerminatingInstances',
    'DrainRemainingPeers',
    'JoinsAccepted',
    'JoinsFailed',
    'Reconnects',
    'EnaBwOutAllowanceExceeded',
    'EnaPpsAllowanceExceeded',
    'EnaConntrackAllowanceExceeded',
    'EngineCPUUtilization',
    'DatabaseMemoryUsagePercentage',
    'ActiveFlowCount_TLS',
    'HealthyHostCount',
  ]) {
    expect(dashboard).toContain(`\\"${shown}\\"`);
  }
});
