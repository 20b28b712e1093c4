import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCloudAssembly } from '../../../local/cloud/template/cloud-assembly';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-assembly-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, value: unknown): void =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
const read = (region = 'eu-central-1') => readCloudAssembly({ folder, region });

const stack = (region: string, stackName: string, dependencies: string[] = []) => ({
  type: 'aws:cloudformation:stack',
  environment: `aws://unknown-account/${region}`,
  properties: { templateFile: `${stackName}.template.json`, stackName },
  dependencies,
});

test('reads the stacks of one region, each after those it depends on, and their assets', () => {
  write('manifest.json', {
    artifacts: {
      Tree: { type: 'cdk:tree' },
      Two: stack('eu-central-1', 'two', ['One', 'Other', 'Two.assets']),
      One: stack('eu-central-1', 'one'),
      Other: stack('us-east-1', 'other'),
      'Two.assets': { type: 'cdk:asset-manifest', properties: { file: 'two.assets.json' } },
    },
  });
  write('one.template.json', { Resources: { A: { Type: 'X' } } });
  write('two.template.json', { Resources: {} });
  write('two.assets.json', {
    files: {
      abc: { source: { path: 'asset.abc' }, destinations: { here: { objectKey: 'abc.zip' } } },
    },
  });

  const assembly = read();

  expect(assembly.stacks.map(({ name }) => name)).toEqual(['one', 'two']);
  expect([...assembly.assets]).toEqual([['abc.zip', join(folder, 'asset.abc')]]);
});

test('says what is wrong with the folder', () => {
  expect(() => read()).toThrow(`there is no cloud assembly in ${folder}: synthesize it with npm run synth`);
  write('manifest.json', '{');
  expect(() => read()).toThrow(/manifest\.json can not be read: .*JSON/);
  write('manifest.json', { artifacts: [] });
  expect(() => read()).toThrow(/manifest\.json is not what it should be/);
});

test('names the regions that are there', () => {
  write('manifest.json', { artifacts: {} });
  expect(() => read()).toThrow('has nothing for region eu-central-1: it has no stacks at all');
  write('manifest.json', { artifacts: { A: stack('us-east-1', 'a'), B: stack('eu-west-1', 'b') } });
  expect(() => read()).toThrow('has nothing for region eu-central-1: it has us-east-1, eu-west-1');
});

test('says which template is missing or wrong', () => {
  write('manifest.json', { artifacts: { A: stack('eu-central-1', 'a') } });
  expect(() => read()).toThrow(/a\.template\.json can not be read/);
  write('a.template.json', { Resources: {}, Transform: 'AWS::Serverless-2016-10-31' });
  expect(() => read()).toThrow(/macros \(Transform\) are not played/);
});
