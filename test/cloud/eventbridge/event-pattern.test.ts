import { parseEventPattern } from '../../../local/cloud/eventbridge/event-pattern';

const EVENT = {
  source: 'aws.autoscaling',
  'detail-type': 'EC2 Instance-terminate Lifecycle Action',
  resources: ['arn:one', 'arn:two'],
  detail: {
    Origin: 'AutoScalingGroup',
    count: 5,
    ok: true,
    nothing: null,
    address: '10.0.3.4',
    items: [{ id: 'a' }, { id: 'b' }],
  },
};

test.each<[string, unknown, boolean]>([
  ['a value', { source: ['aws.autoscaling'] }, true],
  ['one of several values', { detail: { Origin: ['EC2', 'AutoScalingGroup'] } }, true],
  ['another value', { source: ['aws.ec2'] }, false],
  ['all fields, of which one differs', { source: ['aws.autoscaling'], detail: { Origin: ['EC2'] } }, false],
  ['an item of an array', { resources: ['arn:two'] }, true],
  ['objects in an array', { detail: { items: { id: ['b'] } } }, true],
  ['a number', { detail: { count: [5] } }, true],
  ['a number that is a string', { detail: { count: ['5'] } }, false],
  ['true', { detail: { ok: [true] } }, true],
  ['null', { detail: { nothing: [null] } }, true],
  ['null of what is not there', { detail: { other: [null] } }, false],
  ['a prefix', { source: [{ prefix: 'aws.' }] }, true],
  ['a prefix in whatever case', { source: [{ prefix: { 'equals-ignore-case': 'AWS.' } }] }, true],
  ['a suffix', { source: [{ suffix: '.ec2' }] }, false],
  ['whatever case', { source: [{ 'equals-ignore-case': 'AWS.AutoScaling' }] }, true],
  ['a wildcard', { 'detail-type': [{ wildcard: 'EC2*Lifecycle*' }] }, true],
  ['a wildcard that does not fit', { 'detail-type': [{ wildcard: 'EC2*launch*' }] }, false],
  ['anything but', { source: [{ 'anything-but': 'aws.ec2' }] }, true],
  ['anything but some', { source: [{ 'anything-but': ['aws.ec2', 'aws.autoscaling'] }] }, false],
  ['anything but a prefix', { source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
  ['anything but, of what is not there', { nobody: [{ 'anything-but': 'x' }] }, false],
  ['a range of numbers', { detail: { count: [{ numeric: ['>', 0, '<=', 5] }] } }, true],
  ['a range that it is not in', { detail: { count: [{ numeric: ['<', 5] }] } }, false],
  ['existence', { detail: { count: [{ exists: true }] } }, true],
  ['existence of what is not there', { detail: { other: [{ exists: true }] } }, false],
  ['absence', { detail: { other: [{ exists: false }] } }, true],
  ['absence below what is not there', { other: { deep: [{ exists: false }] } }, true],
  ['a network', { detail: { address: [{ cidr: '10.0.0.0/16' }] } }, true],
  ['another network', { detail: { address: [{ cidr: '10.1.0.0/16' }] } }, false],
  ['one of alternatives', { $or: [{ source: ['x'] }, { detail: { count: [5] } }] }, true],
  ['none of alternatives', { $or: [{ source: ['x'] }, { detail: { count: [6] } }] }, false],
])('%s', (_name, pattern, expected) => {
  expect(parseEventPattern(pattern)(EVENT)).toBe(expected);
});

test.each<[string, unknown]>([
  ['no object', 'x'],
  ['nothing', {}],
  ['a bare value', { source: 'x' }],
  ['an empty list', { source: [] }],
  ['a list in a list', { source: [['x']] }],
  ['an unknown comparison', { source: [{ like: 'x' }] }],
  ['two comparisons', { source: [{ prefix: 'x', suffix: 'y' }] }],
  ['half a range', { count: [{ numeric: ['>'] }] }],
  ['a prefix that is a number', { source: [{ prefix: 1 }] }],
  ['one alternative', { $or: [{ source: ['x'] }] }],
])('a pattern with %s is refused', (_name, pattern) => {
  expect(() => parseEventPattern(pattern)).toThrow(SyntaxError);
});
