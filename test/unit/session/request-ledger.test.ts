import { RequestLedger } from '../../../core/session/request-ledger';

describe('request ledger', () => {
  test('executes a request once', () => {
    const ledger = new RequestLedger();
    expect(ledger.begin(1, 'join')).toBe('execute');
    expect(ledger.begin(1, 'join')).toBe('pending');
    ledger.finish(1);
    expect(ledger.begin(1, 'join')).toBe('answered');
  });

  test('takes another method under the same id for another request', () => {
    const ledger = new RequestLedger();
    ledger.begin(1, 'join');
    ledger.finish(1);
    expect(ledger.begin(1, 'produce')).toBe('execute');
  });

  test('bounds what waits and what is remembered', () => {
    const ledger = new RequestLedger({ maxPending: 2, maxAnswered: 1 });
    ledger.begin(1, 'a');
    ledger.begin(2, 'a');
    expect(ledger.begin(3, 'a')).toBe('too-many');
    ledger.finish(1);
    ledger.finish(2);
    expect(ledger.begin(1, 'a')).toBe('execute');
    expect(ledger.begin(2, 'a')).toBe('answered');
  });

  test('an answer to what nobody asked changes nothing', () => {
    const ledger = new RequestLedger();
    ledger.finish(9);
    expect(ledger.begin(9, 'a')).toBe('execute');
  });
});
