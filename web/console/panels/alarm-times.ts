import type { ConsoleAlarm } from '../../../core/protocol/console';

/** When an alarm was in ALARM, newest first, as far back as its history goes. */
export function alarmTimes(
  { history, state, sinceMs }: Pick<ConsoleAlarm, 'history' | 'state' | 'sinceMs'>,
  nowMs: number,
): { fromMs: number; toMs: number }[] {
  const entered = [{ atMs: sinceMs, state }, ...history.filter(({ atMs }) => atMs < sinceMs)];
  return entered.flatMap(({ atMs, state: then }, index) =>
    then === 'ALARM' ? [{ fromMs: atMs, toMs: entered[index - 1]?.atMs ?? nowMs }] : [],
  );
}
