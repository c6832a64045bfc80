import { describe, expect, it } from 'vitest';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import { decidedRecord, duePending, expiryOf, freshRecord, mendedByWaiting } from './pending-signals.ts';

const signal = (kind: 'entry' | 'exit'): Signal => ({
  strategyId: strategyId('momentum'),
  ticker: ticker('AAA'),
  kind,
  side: kind === 'entry' ? 'buy' : 'sell',
  confidence: 0.7,
  reason: { code: 'risen-on-volume', text: 'risen', numbers: {} },
  price: 100,
  atr: 2,
  modelVersion: null,
  asOf: calendarDate('2024-06-28'),
});
const [first, later] = [parseEpochMs('2024-06-28T20:30:00Z'), parseEpochMs('2024-07-01T13:35:00Z')];
const because = (code: RefusalCode) => ({ refusal: refusal(code, 'why') });
const day = calendarDate;

describe('a signal over sessions', () => {
  it('may wait for three of them, holidays not counted', () => {
    expect(expiryOf(day('2024-06-28'))).toBe('2024-07-03');
    expect(expiryOf(day('2024-07-02'))).toBe('2024-07-08');
    expect(freshRecord(signal('entry'), first)).toMatchObject({
      state: 'pending',
      attempts: 0,
      expiresOn: '2024-07-03',
      at: first,
    });
  });

  it('stays pending for a reason that may pass, then expires with that reason', () => {
    const fresh = freshRecord(signal('entry'), first);
    const once = decidedRecord(fresh, because('portfolio-heat'), day('2024-07-01'), later);
    expect(once).toMatchObject({ state: 'pending', attempts: 1, blockedBy: { code: 'portfolio-heat' }, at: first });
    const twice = decidedRecord(once, because('strategy-cash'), day('2024-07-02'), later);
    expect(twice).toMatchObject({ state: 'pending', attempts: 2, blockedBy: { code: 'strategy-cash' } });
    const last = decidedRecord(twice, because('strategy-cash'), day('2024-07-03'), later);
    expect(last).toMatchObject({ state: 'expired', attempts: 3, blockedBy: { code: 'strategy-cash' }, at: later });
  });

  it('ends executed when nothing is in its way any more', () => {
    const once = decidedRecord(
      freshRecord(signal('entry'), first),
      because('portfolio-heat'),
      day('2024-07-01'),
      later,
    );
    expect(decidedRecord(once, { refusal: null }, day('2024-07-02'), later)).toMatchObject({
      state: 'executed',
      blockedBy: null,
      attempts: 2,
    });
  });

  it('ends refused for a reason that waiting cannot mend', () => {
    const fresh = freshRecord(signal('entry'), first);
    for (const code of [
      'already-positioned',
      'instrument-not-tradable',
      'size-below-minimum',
      'strategy-disabled',
    ] as const) {
      expect(mendedByWaiting(code)).toBe(false);
      expect(decidedRecord(fresh, because(code), day('2024-07-01'), later).state).toBe('refused');
    }
  });

  it('does not keep exits: their strategy says them again', () => {
    expect(
      decidedRecord(freshRecord(signal('exit'), first), because('quote-missing'), day('2024-07-01'), later).state,
    ).toBe('refused');
  });
});

describe('duePending', () => {
  it('parts those that may still be executed from those whose time is over', () => {
    const fresh = freshRecord(signal('entry'), first);
    const blocked = decidedRecord(fresh, because('portfolio-heat'), day('2024-07-01'), later);
    const done = decidedRecord(fresh, { refusal: null }, day('2024-07-01'), later);
    expect(duePending([blocked, done], day('2024-07-03'), later)).toEqual({ due: [blocked], expired: [] });
    const { due, expired } = duePending([blocked, fresh], day('2024-07-05'), later);
    expect(due).toEqual([]);
    expect(expired.map(({ state, blockedBy, at }) => [state, blockedBy?.code, at])).toEqual([
      ['expired', 'portfolio-heat', later],
      ['expired', 'pending-expired', later],
    ]);
  });
});
