import { TemplateError } from '../../../local/cloud/template/template-error';
import { assemblyOf, testEngine } from './templates';

/** What a value in a template resolves to. */
async function resolved(value: unknown, more: object = {}): Promise<unknown> {
  const { engine, things } = testEngine();
  await engine.deploy(
    assemblyOf({
      other: {
        Resources: { Shared: { Type: 'Test::Thing', Properties: { Value: 'shared' } } },
        Outputs: { Out: { Value: { 'Fn::GetAtt': 'Shared.Value' }, Export: { Name: 'other:Out' } } },
      },
      main: {
        Resources: {
          Probe: { Type: 'Test::Thing', Properties: { Value: value } },
          A: { Type: 'Test::Thing', Properties: { Value: 7 } },
        },
        ...more,
      },
    }),
  );
  return things.things.get('Probe')?.Value;
}

const SECTIONS = {
  Parameters: {
    Plain: { Type: 'String', Default: 'plain' },
    Several: { Type: 'CommaDelimitedList', Default: 'x,y' },
    Count: { Type: 'Number', Default: 3 },
    Stored: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a/b' },
    Missing: { Type: 'String' },
  },
  Mappings: { Sizes: { 'eu-central-1': { small: 's-eu' } } },
  Conditions: {
    Yes: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
    No: { 'Fn::Not': [{ Condition: 'Yes' }] },
    All: { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [{ Condition: 'No' }] }] },
    Any: { 'Fn::Or': [{ Condition: 'No' }, { Condition: 'No' }] },
    Circle: { 'Fn::Not': [{ Condition: 'Circle' }] },
  },
};

test.each<[string, unknown, unknown]>([
  ['Ref of a resource', { Ref: 'A' }, 'ref-A'],
  ['Ref of a parameter', { Ref: 'Plain' }, 'plain'],
  ['Ref of a list parameter', { Ref: 'Several' }, ['x', 'y']],
  ['Ref of a number parameter', { Ref: 'Count' }, '3'],
  ['Ref of a stored parameter', { Ref: 'Stored' }, 'parameter /a/b'],
  ['region', { Ref: 'AWS::Region' }, 'eu-central-1'],
  ['account', { Ref: 'AWS::AccountId' }, '123456789012'],
  ['partition', { Ref: 'AWS::Partition' }, 'aws'],
  ['suffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
  ['stack name', { Ref: 'AWS::StackName' }, 'main'],
  [
    'stack id',
    { Ref: 'AWS::StackId' },
    expect.stringMatching(/^arn:aws:cloudformation:eu-central-1:123456789012:stack\/main\/[0-9a-f-]{36}$/),
  ],
  ['NoValue in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
  ['NoValue in a list', ['a', { Ref: 'AWS::NoValue' }, 'b'], ['a', 'b']],
  ['GetAtt as a list', { 'Fn::GetAtt': ['A', 'Arn'] }, 'arn-A'],
  ['GetAtt with a dot', { 'Fn::GetAtt': 'A.Arn' }, 'arn-A'],
  ['GetAtt of a path', { 'Fn::GetAtt': ['A', 'Deep.List'] }, 'a,b,c'],
  ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'A' }, 3]] }, 'a-ref-A-3'],
  ['Join of a list parameter', { 'Fn::Join': ['|', { Ref: 'Several' }] }, 'x|y'],
  [
    'Sub',
    { 'Fn::Sub': '${A}/${A.Arn}/${AWS::Region}/${!A}/${Plain}' },
    'ref-A/arn-A/eu-central-1/${A}/plain',
  ],
  ['Sub with variables', { 'Fn::Sub': ['${X}${A}', { X: { Ref: 'Plain' } }] }, 'plainref-A'],
  ['Select', { 'Fn::Select': [1, ['a', 'b']] }, 'b'],
  [
    'Select of an attribute that is a list',
    { 'Fn::Select': ['2', { 'Fn::GetAtt': ['A', 'Deep.List'] }] },
    'c',
  ],
  ['Split', { 'Fn::Split': [':', { 'Fn::Join': [':', ['a', 'b']] }] }, ['a', 'b']],
  ['Base64', { 'Fn::Base64': 'grüße' }, Buffer.from('grüße').toString('base64')],
  ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': 'other:Out' } }, 'shared'],
  [
    'GetStackOutput',
    { 'Fn::GetStackOutput': { StackName: 'other', OutputName: 'Out', Region: 'eu-central-1' } },
    'shared',
  ],
  ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 's-eu'],
  ['If, yes', { 'Fn::If': ['All', 'y', { 'Fn::Unknown': 1 }] }, 'y'],
  ['If, no', { 'Fn::If': ['Any', 'y', 'n'] }, 'n'],
  ['GetAZs', { 'Fn::GetAZs': '' }, ['eu-central-1a', 'eu-central-1b', 'eu-central-1c']],
  ['Cidr', { 'Fn::Cidr': ['10.0.16.0/20', 3, 8] }, ['10.0.16.0/24', '10.0.17.0/24', '10.0.18.0/24']],
  [
    'Cidr of IPv6',
    { 'Fn::Cidr': ['2001:db8:12:ff00::/56', '2', '64'] },
    ['2001:db8:12:ff00::/64', '2001:db8:12:ff01::/64'],
  ],
  [
    'a secret',
    '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-central-1:123456789012:secret:s-AbCdEf:SecretString:current::}}',
    'secret of arn:aws:secretsmanager:eu-central-1:123456789012:secret:s-AbCdEf at current',
  ],
  ['a stored parameter', 'x {{resolve:ssm:/a/b:3}}', 'x parameter /a/b'],
  ['what only looks like a call', { Condition: { Bool: {} } }, { Condition: { Bool: {} } }],
])('%s', async (_name, value, expected) => {
  expect(await resolved(value, SECTIONS)).toEqual(expected);
});

test.each<[string, unknown, RegExp]>([
  [
    'an unknown function',
    { a: [{ 'Fn::ToJsonString': {} }] },
    /main\.Probe\.Properties\.Value\.a\[0\]: Fn::ToJsonString is not/,
  ],
  ['a function beside other keys', { a: 1, 'Fn::Sub': 'x' }, /Fn::Sub stands beside other keys/],
  ['a Ref to nothing', { Ref: 'Nobody' }, /no resource or parameter Nobody/],
  ['a parameter without a value', { Ref: 'Missing' }, /Missing has no default/],
  [
    'an attribute that is not there',
    { 'Fn::GetAtt': ['A', 'Nope'] },
    /main\.A: Test::Thing has no attribute Nope/,
  ],
  ['a pseudo parameter that is not there', { Ref: 'AWS::Nope' }, /AWS::Nope is not known/],
  ['an export that is not there', { 'Fn::ImportValue': 'nope' }, /no stack exports nope/],
  ['a map that is not there', { 'Fn::FindInMap': ['Sizes', 'x', 'y'] }, /Sizes has no x\.y/],
  ['an item that is not there', { 'Fn::Select': [3, ['a']] }, /Fn::Select: there is no item 3 of 1/],
  ['a condition that is not there', { 'Fn::If': ['Nope', 1, 2] }, /Conditions\.Nope does not exist/],
  ['a condition that needs itself', { 'Fn::If': ['Circle', 1, 2] }, /Conditions\.Circle needs itself/],
  ['blocks that do not fit', { 'Fn::Cidr': ['10.0.0.0/24', 4, 8] }, /don't fit/],
  ['no block', { 'Fn::Cidr': ['10.0.0.0', 4, 8] }, /is no block/],
  ['too few arguments', { 'Fn::Join': [''] }, /Fn::Join: wants a list of 2/],
  [
    'another region',
    { 'Fn::GetStackOutput': { StackName: 'o', OutputName: 'p', Region: 'us-east-1' } },
    /us-east-1 is not/,
  ],
  ['a dynamic reference that is not known', '{{resolve:vault:x}}', /can not be resolved/],
])('%s is an error that says where', async (_name, value, message) => {
  const deployment = resolved(value, SECTIONS);
  await expect(deployment).rejects.toThrow(message);
  await expect(deployment).rejects.toBeInstanceOf(TemplateError);
});
