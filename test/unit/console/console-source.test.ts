import { describeConsoleSource } from '../../helpers/console-source-suite';
import { FakeConsoleSource } from '../../helpers/fake-console-source';
import { ManualClock } from '../../helpers/manual-clock';

describeConsoleSource('the fake source', async () => {
  const clock = new ManualClock();
  const source = new FakeConsoleSource({ clock });
  return {
    source,
    until: async (met) => {
      for (let second = 0; second < 120; second += 1) {
        if (await met()) return;
        await clock.advance(1_000);
      }
      throw new Error('it did not happen within two minutes');
    },
    close: async () => source.close(),
  };
});
