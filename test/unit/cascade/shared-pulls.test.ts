import { FleetError } from '../../../core/errors';
import { SharedPulls } from '../../../node-app/media/cascade/shared-pulls';

function fixture() {
  const calls: string[] = [];
  const pulls = new SharedPulls<string>({
    drop: (id, value) => calls.push(`drop ${id} ${value}`),
    lose: (value) => calls.push(`lose ${value}`),
  });
  let settle: { resolve: (value: string) => void; reject: (error: Error) => void } | undefined;
  const pull = () => {
    calls.push('pull');
    return new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
  };
  return {
    calls,
    pulls,
    pull,
    settled: () => settle ?? { resolve: () => undefined, reject: () => undefined },
  };
}

test('demands of the same time share one pull; the last release drops it, once', async () => {
  const { calls, pulls, pull, settled } = fixture();
  const holding = [pulls.hold('p', pull), pulls.hold('p', pull)];
  settled().resolve('v');
  const [first, second] = await Promise.all(holding);
  expect([first?.value, second?.value]).toEqual(['v', 'v']);
  first?.release();
  first?.release();
  expect(calls).toEqual(['pull']);
  second?.release();
  second?.release();
  expect(calls).toEqual(['pull', 'drop p v']);
});

test('a pull that fails fails for all who wait, and the next demand tries anew', async () => {
  const { calls, pulls, pull, settled } = fixture();
  const holding = [pulls.hold('p', pull), pulls.hold('p', pull)];
  settled().reject(new Error('no'));
  for (const hold of holding) await expect(hold).rejects.toThrow('no');
  const again = pulls.hold('p', pull);
  settled().resolve('v');
  expect((await again).value).toBe('v');
  expect(calls).toEqual(['pull', 'pull']);
});

test('what is lost while it is pulled is given back, and nobody gets it', async () => {
  const { calls, pulls, pull, settled } = fixture();
  const holding = pulls.hold('p', pull);
  pulls.lost('p');
  settled().resolve('v');
  await expect(holding).rejects.toBeInstanceOf(FleetError);
  expect(calls).toEqual(['pull', 'lose v']);
});

test('what is lost later is not dropped again by those who held it', async () => {
  const { calls, pulls, pull, settled } = fixture();
  const holding = pulls.hold('p', pull);
  settled().resolve('v');
  const hold = await holding;
  pulls.clear();
  hold.release();
  pulls.lost('p');
  expect(calls).toEqual(['pull', 'lose v']);
});
