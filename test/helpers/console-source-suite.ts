import { consoleEventSchema, consoleStateSchema } from '../../core/protocol/console';
import type { ConsoleSource } from '../../local/console/console-source';
import { eventually } from './eventually';

export interface SuiteSource {
  source: ConsoleSource;
  /** Waits for this, in the source's own time. */
  until: (met: () => Promise<boolean>) => Promise<void>;
  close: () => Promise<void>;
}

/** What the console relies on, whoever is behind it. The fleet of `start` has at least two nodes in service. */
export function describeConsoleSource(name: string, start: () => Promise<SuiteSource>): void {
  describe(name, () => {
    let suite: SuiteSource;

    beforeAll(async () => {
      suite = await start();
    }, 120_000);

    afterAll(() => suite?.close());

    const servingNode = async (): Promise<string> => {
      const { nodes } = await suite.source.state();
      const node = nodes.find(({ state }) => state === 'SERVING');
      if (!node) throw new Error('no node serves');
      return node.nodeId;
    };

    test('its state is what the console understands', async () => {
      const state = await suite.source.state();

      expect(consoleStateSchema.parse(state)).toEqual(state);
      expect(state.mode).toBe('local');
      expect(state.nodes.length).toBeGreaterThanOrEqual(2);
      expect(new Set(state.nodes.map(({ nodeId }) => nodeId)).size).toBe(state.nodes.length);
    });

    test('its events count up, and those after a number are given without it', async () => {
      const all = await eventually(() => {
        const events = suite.source.events(0);
        return events.length > 1 && events;
      });

      for (const event of all) consoleEventSchema.parse(event);
      const sequences = all.map(({ sequence }) => sequence);
      expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
      expect(suite.source.events(sequences[0] ?? 0).map(({ sequence }) => sequence)).not.toContain(
        sequences[0],
      );
      expect(suite.source.events(Number.MAX_SAFE_INTEGER)).toEqual([]);
    });

    test('a cordoned node says so, a subscriber hears of it, and it can be taken back', async () => {
      const nodeId = await servingNode();
      const stateOf = async () =>
        (await suite.source.state()).nodes.find((node) => node.nodeId === nodeId)?.state;
      let heard = 0;
      const unsubscribe = suite.source.subscribe(() => (heard += 1));

      await suite.source.control({ name: 'cordon', payload: { nodeId } });
      await suite.until(async () => (await stateOf()) === 'CORDONED');
      await suite.source.control({ name: 'uncordon', payload: { nodeId } });
      await suite.until(async () => (await stateOf()) === 'SERVING');

      expect(heard).toBeGreaterThan(0);
      unsubscribe();
      unsubscribe();
    });

    test.each([
      { name: 'cordon', payload: { nodeId: 'no-such-node' } },
      { name: 'uncordon', payload: { nodeId: 'no-such-node' } },
      { name: 'drain', payload: { nodeId: 'no-such-node', deadlineMinutes: 5 } },
      { name: 'kill-node', payload: { nodeId: 'no-such-node' } },
      { name: 'interrupt-spot', payload: { instanceId: 'i-0000' } },
    ] as const)('$name of what is not there is refused', async (action) => {
      await expect(suite.source.control(action)).rejects.toMatchObject({ code: 'FLEET_ERR_NOT_FOUND' });
    });

    test('a node more is desired, begun and told with its cause', async () => {
      const { pool } = await suite.source.state();
      const desired = (pool.desired ?? 0) + 1;

      await suite.source.control({ name: 'set-desired-capacity', payload: { desired } });
      await suite.until(async () => {
        const state = await suite.source.state();
        return state.pool.desired === desired && (state.activities?.[0]?.cause ?? '') !== '';
      });
    });
  });
}
