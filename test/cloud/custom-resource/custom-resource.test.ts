import { CustomResourceType } from '../../../local/cloud/custom-resource/custom-resource-type';
import { ResponseServer } from '../../../local/cloud/custom-resource/response-server';
import type { ResourceInput } from '../../../local/cloud/ports/resource-type';
import { ManualClock } from '../../helpers/manual-clock';

const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };
type Event = Record<string, unknown> & { ResponseURL: string };

let clock: ManualClock;
let responses: ResponseServer;
let events: Event[];
/** What the function does with an event. */
let answer: (event: Event) => void;
let type: CustomResourceType;

beforeEach(async () => {
  clock = new ManualClock();
  responses = await ResponseServer.start();
  events = [];
  type = new CustomResourceType({
    identity: IDENTITY,
    clock,
    responses,
    functions: {
      invokeLater: (functionArn, payload) => {
        if (functionArn !== 'arn:function') return false;
        events.push(payload as Event);
        answer(payload as Event);
        return true;
      },
    },
  });
});
afterEach(async () => {
  await responses.close();
});

const resource = (properties: object = {}): ResourceInput<{ ServiceToken: string }> => ({
  stackName: 'fleet',
  logicalId: 'Custom',
  typeName: 'Custom::Thing',
  properties: type.properties.parse({ ServiceToken: 'arn:function', ...properties }),
  updatePolicy: undefined,
});

async function put(url: string, body: unknown): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { status } = await fetch(url, { method: 'PUT', body: text });
  return status;
}

/** Answers every event with success, and this besides. */
function succeed(more: object = {}): void {
  answer = ({ ResponseURL, RequestId, StackId, LogicalResourceId }) => {
    const body = { Status: 'SUCCESS', PhysicalResourceId: 'one', RequestId, StackId, LogicalResourceId };
    void put(ResponseURL, { ...body, ...more });
  };
}

test('the function is told what is wanted, with text for numbers, and its data are attributes', async () => {
  succeed({ Data: { Size: 3, Name: 'x' } });

  const created = await type.create(resource({ Count: 5, Flags: [true, { Deep: 1 }] }));

  expect(created).toEqual({ ref: 'one', attributes: { Size: '3', Name: 'x' } });
  expect(events).toEqual([
    {
      RequestType: 'Create',
      RequestId: expect.any(String) as unknown,
      ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) as unknown,
      ServiceToken: 'arn:function',
      StackId: expect.stringMatching(/:stack\/fleet\//) as unknown,
      LogicalResourceId: 'Custom',
      ResourceType: 'Custom::Thing',
      ResourceProperties: { ServiceToken: 'arn:function', Count: '5', Flags: ['true', { Deep: '1' }] },
    },
  ]);
  expect(clock.waiting).toBe(0);
});

test('an update names the old properties; another physical id deletes the old resource', async () => {
  succeed();
  await type.create(resource({ A: 1 }));
  await type.update(resource({ A: 2 }), resource({ A: 1 }));
  expect(events.at(-1)).toMatchObject({
    RequestType: 'Update',
    PhysicalResourceId: 'one',
    ResourceProperties: { A: '2' },
    OldResourceProperties: { A: '1' },
  });

  succeed({ PhysicalResourceId: 'two' });
  expect(await type.update(resource({ A: 3 }), resource({ A: 2 }))).toMatchObject({ ref: 'two' });
  expect(events.at(-1)).toMatchObject({ RequestType: 'Delete', PhysicalResourceId: 'one' });
  await type.remove(resource({ A: 3 }));
  expect(events.at(-1)).toMatchObject({ RequestType: 'Delete', PhysicalResourceId: 'two' });
});

test.each<[string, object, string]>([
  ['FAILED', { Status: 'FAILED', Reason: 'no such group' }, '[FAILED] from custom resource: no such group'],
  ['without a physical id', { PhysicalResourceId: undefined }, 'gave no PhysicalResourceId'],
  ['to another request', { RequestId: 'other' }, 'answered with another RequestId'],
  ['of another stack', { StackId: 'other' }, 'answered with another StackId'],
  ['with an unknown status', { Status: 'MAYBE' }, 'is not one'],
  ['of more than 4096 bytes', { Data: { Long: 'x'.repeat(4_096) } }, 'is not one'],
])('an answer %s fails the resource', async (_what, more, message) => {
  succeed(more);
  await expect(type.create(resource())).rejects.toThrow(message);
});

test('an answer that is no JSON fails the resource', async () => {
  answer = ({ ResponseURL }) => void put(ResponseURL, '{');
  await expect(type.create(resource())).rejects.toThrow('is not one');
});

test('no answer fails the resource after its time, or an hour', async () => {
  answer = () => undefined;
  for (const [properties, seconds] of [
    [{ ServiceTimeout: '30' }, 30],
    [{}, 3_600],
  ] as const) {
    const created = type.create(resource(properties));
    created.catch(() => undefined);
    await clock.advance(seconds * 1_000 - 1);
    expect(clock.waiting).toBe(1);
    await clock.advance(1);
    await expect(created).rejects.toThrow(`did not answer within ${seconds} s`);
  }
});

test('a function that is not there fails the resource at once', async () => {
  await expect(type.create(resource({ ServiceToken: 'arn:nobody' }))).rejects.toThrow(
    'no function arn:nobody',
  );
});

test('the address takes one PUT for who is waited for, and nothing else', async () => {
  succeed();
  await type.create(resource());
  const url = events[0]?.ResponseURL ?? '';
  expect(await put(url, '{}')).toBe(403);
  expect(await put(new URL('/nobody', url).href, '{}')).toBe(403);
  expect((await fetch(url)).status).toBe(403);
});
