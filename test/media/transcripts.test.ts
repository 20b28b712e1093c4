import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MediaNode } from '../../node-app/media/media-node';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { startMediaNode } from '../helpers/media-node';
import { vp8Parameters } from '../../local/load/rtp-streams';
import { TestPeer } from '../helpers/test-peer';

/** See test/transcripts/README.md. */
interface Step {
  request?: string;
  notify?: string;
  other?: 'joins' | 'produces' | 'closesProducer' | 'leaves';
  serverRequest?: string;
  serverNotification?: string;
  data?: unknown;
  answer?: unknown;
  exactKeys?: boolean;
}

let node: MediaNode;

beforeAll(async () => {
  ({ node } = await startMediaNode());
});

afterAll(() => node.close());

test.each([
  ['legacy', 'current'],
  ['current', 'legacy'],
] as const)(
  'a %s client of mediasoup-demo finds everything as it expects it',
  async (generation, otherGeneration) => {
    const file = join(__dirname, '..', 'transcripts', `${generation}.json`);
    const steps = JSON.parse(readFileSync(file, 'utf8')) as Step[];
    const roomId = `transcript-${generation}`;
    const peer = await TestPeer.open(node, { roomId, peerId: 'me' });
    const variables = new Map<string, unknown>();
    const other = new Other(roomId, otherGeneration);

    for (const [index, step] of steps.entries()) {
      try {
        await play(step);
      } catch (error) {
        throw new Error(`step ${index}: ${JSON.stringify(step).slice(0, 200)}`, { cause: error });
      }
    }
    // Notifications get no answer: that they did what they say shows in the room.
    await eventually(() => node.describeRoom(roomId).peers[0]?.producers === 0);

    async function play(step: Step): Promise<void> {
      const { request, notify, serverRequest, serverNotification, exactKeys = false } = step;
      if (request !== undefined) {
        const answer = await peer.request(request, fillIn(step.data, variables));
        compare(step.answer, answer, { variables, exactKeys });
      } else if (notify !== undefined) {
        peer.notify(notify, fillIn(step.data, variables));
      } else if (step.other !== undefined) {
        await other.play(step.other);
      } else {
        const seen = () =>
          (serverRequest !== undefined
            ? peer.requests(serverRequest)
            : peer.notifications(serverNotification ?? '')
          ).at(0);
        compare(step.data, await eventually(seen), { variables, exactKeys });
      }
    }
  },
);

class Other {
  private client: DemoClient | undefined;
  private producerId = '';

  constructor(
    private readonly roomId: string,
    private readonly generation: 'legacy' | 'current',
  ) {}

  async play(what: NonNullable<Step['other']>): Promise<void> {
    const { roomId, generation } = this;
    if (what === 'joins') this.client = await DemoClient.join(node, { roomId, generation, peerId: 'other' });
    else if (what === 'produces')
      this.producerId = (await this.client?.produce('video', vp8Parameters([77]))) ?? '';
    else if (what === 'leaves') this.client?.peer.leave();
    else await this.client?.control('closeProducer', { producerId: this.producerId });
  }
}

function fillIn(template: unknown, variables: Map<string, unknown>): unknown {
  if (typeof template === 'string' && template.startsWith('$')) {
    if (!variables.has(template)) throw new Error(`nothing is known as ${template}`);
    return variables.get(template);
  }
  if (Array.isArray(template)) return template.map((entry) => fillIn(entry, variables));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillIn(value, variables)]));
}

interface Comparison {
  variables: Map<string, unknown>;
  exactKeys: boolean;
}

function compare(expected: unknown, actual: unknown, comparison: Comparison): void {
  const { variables, exactKeys } = comparison;
  if (typeof expected === 'string' && expected.startsWith('*')) {
    expect(actual).toBeDefined();
    if (expected === '*array') expect(Array.isArray(actual)).toBe(true);
    else if (expected !== '*') expect(typeof actual).toBe(expected.slice(1));
  } else if (typeof expected === 'string' && expected.startsWith('$')) {
    expect(actual).toBeDefined();
    if (variables.has(expected)) expect(actual).toEqual(variables.get(expected));
    else variables.set(expected, actual);
  } else if (typeof expected === 'object' && expected !== null && !Array.isArray(expected)) {
    const fields = actual as Record<string, unknown>;
    if (exactKeys) expect(Object.keys(fields).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, value] of Object.entries(expected)) compare(value, fields[key], comparison);
  } else {
    expect(actual).toEqual(expected);
  }
}
