import { SsmParameterType } from '../../../local/cloud/ssm/resources/parameter';
import { Ssm } from '../../../local/cloud/ssm/ssm';
import { ManualClock } from '../../helpers/manual-clock';

const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };
const ssm = () => new Ssm({ identity: IDENTITY, clock: new ManualClock() });

test('public images have a plausible id, the same in each run and another in each region', () => {
  const name = '/aws/service/debian/release/13/latest/arm64';
  const id = ssm().find(name)?.value;
  expect(id).toMatch(/^ami-[0-9a-f]{17}$/);
  expect(ssm().find(name)?.value).toBe(id);
  const elsewhere = new Ssm({ identity: { ...IDENTITY, region: 'us-east-1' }, clock: new ManualClock() });
  expect(elsewhere.find(name)?.value).not.toBe(id);
  expect(ssm().find('/aws/service/nobody/knows')).toBeUndefined();
});

test('a parameter is found by its ARN', () => {
  const store = ssm();
  const { arn } = store.put({ name: '/fleet/a', type: 'String', value: 'x' });
  expect(arn).toBe('arn:aws:ssm:eu-central-1:123456789012:parameter/fleet/a');
  expect(store.find(arn)?.value).toBe('x');
});

test.each(['', '/a//b', '/a/', 'a b', '/aws/x', 'ssm-x'])('"%s" is no name', (name) => {
  expect(() => ssm().put({ name, type: 'String', value: 'x' })).toThrow('Parameter name');
});

test.each(['', 'x'.repeat(4_097)])('a value may be neither empty nor too long', (value) => {
  expect(() => ssm().put({ name: 'a', type: 'String', value })).toThrow('maximum parameter value');
});

test('a resource changes its value, moves with its name and goes', () => {
  const store = ssm();
  const type = new SsmParameterType({ identity: IDENTITY, ssm: store });
  const input = (properties: object) => ({
    stackName: 'fleet',
    logicalId: 'Parameter',
    properties: type.properties.parse({ Type: 'String', ...properties }),
    updatePolicy: undefined,
  });
  const one = input({ Value: 'a' });
  const { ref } = type.create(one);
  expect(ref).toMatch(/^fleet-Parameter-[0-9A-F]{12}$/);
  const two = input({ Value: 'b' });
  expect(type.update(two, one)).toEqual({ ref, attributes: { Type: 'String', Value: 'b' } });
  expect(store.find(ref)).toMatchObject({ value: 'b', version: 2 });
  const three = input({ Name: '/fleet/c', Value: 'c' });
  type.update(three, two);
  expect(store.find(ref)).toBeUndefined();
  expect(store.find('/fleet/c')?.value).toBe('c');
  type.remove(three);
  expect(store.find('/fleet/c')).toBeUndefined();
});
