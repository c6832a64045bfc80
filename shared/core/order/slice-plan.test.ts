import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addQuantity,
  formatQuantity,
  parsePrice,
  parseQuantity,
  prorateQuantity,
  type Quantity,
  wholeQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { accountId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import {
  makePlan,
  parentIdOf,
  parentOf,
  type PlanWish,
  planEndsAt,
  sliceMaxOf,
  type SliceRules,
  splitQuantity,
} from './slice-plan.ts';

const START = parseEpochMs('2026-03-09T14:00:00Z');
const CLOSE = parseEpochMs('2026-03-09T20:00:00Z');

const wish = (changes: Partial<PlanWish> & { readonly quantity?: Quantity } = {}): PlanWish => {
  const { quantity = wholeQuantity(100), ...rest } = changes;
  return {
    parentId: parentIdOf('a'),
    terms: {
      accountId: accountId('a-1'),
      strategyId: strategyId('manual'),
      ticker: ticker('AAPL'),
      side: 'buy',
      type: 'market',
      timeInForce: 'day',
      positionIntent: 'buy_to_open',
      size: { kind: 'quantity', quantity },
      limitPrice: null,
      stopPrice: null,
    },
    purpose: 'manual',
    arrivalPrice: parsePrice('100'),
    wishHash: 'h',
    by: 'ada',
    startAt: START,
    intervalMs: 300_000,
    count: 10,
    ...rest,
  };
};

const RULES: SliceRules = {
  step: wholeQuantity(1),
  quantityMin: wholeQuantity(1),
  sliceMax: null,
  closeAt: CLOSE,
  cooldownMs: 60_000,
};

const refusalOf = (changes: Parameters<typeof wish>[0], rules: Partial<SliceRules> = {}) => {
  const made = makePlan(wish(changes), { ...RULES, ...rules });
  return made.ok ? null : made.error;
};

describe('equal parts of a parent', () => {
  it('add up to it exactly, on the step, and differ by no more than a step', () => {
    const steps = [1n, 1_000n, 1_000_000_000n, 100_000_000_000n].map((scaled) =>
      prorateQuantity(parseQuantity('1'), scaled, 1_000_000_000n, 'floor'),
    );
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 9n }),
        fc.constantFrom(...steps),
        fc.integer({ min: 1, max: 120 }),
        (lots, step, count) => {
          const total = prorateQuantity(step, lots, 1n, 'floor');
          const parts = splitQuantity(total, step, count);
          expect(parts).toHaveLength(count);
          expect(parts.reduce(addQuantity, ZERO_QUANTITY)).toBe(total);
          for (const part of parts) {
            expect(part % step).toBe(0n);
            expect([lots / BigInt(count), lots / BigInt(count) + 1n]).toContain(part / step);
          }
          if (lots % BigInt(count) === 0n) expect(new Set(parts).size).toBe(1);
        },
      ),
      { seed: 8, numRuns: 200 },
    );
  });

  it('spread the larger ones evenly', () => {
    const parts = splitQuantity(wholeQuantity(14), wholeQuantity(1), 8).map(formatQuantity);
    expect(parts).toEqual(['1', '2', '2', '2', '1', '2', '2', '2']);
  });

  it('are refused of a total off its step, and for no slices', () => {
    expect(() => splitQuantity(parseQuantity('1.5'), wholeQuantity(1), 2)).toThrow(RangeError);
    expect(() => splitQuantity(wholeQuantity(2), wholeQuantity(1), 0)).toThrow(RangeError);
  });
});

describe('a plan', () => {
  it('has a slice for each interval, and ends an interval after the last one is due', () => {
    const made = makePlan(wish(), RULES);
    if (!made.ok) throw new Error(made.error.message);
    expect(made.value.slices.map(({ dueAt }) => dueAt - START)).toEqual(
      Array.from({ length: 10 }, (_, index) => index * 300_000),
    );
    expect(planEndsAt(made.value)).toBe(addMs(START, 3_000_000));
    expect(made.value).toMatchObject({
      version: 1,
      sequence: 0,
      wakesMade: false,
      working: null,
      stop: null,
      end: null,
    });
  });

  it('is refused when it would end after the close', () => {
    expect(refusalOf({ startAt: addMs(CLOSE, -3_000_000) })).toBeNull();
    expect(refusalOf({ startAt: addMs(CLOSE, -2_999_999) })?.code).toBe('session-closed');
  });

  it('is refused when a late slice would meet the rest after the fill before it', () => {
    expect(refusalOf({ intervalMs: 120_000 })).toBeNull();
    expect(refusalOf({ intervalMs: 119_000 })).toMatchObject({
      code: 'symbol-cooldown',
      context: { wouldPassAt: '120000' },
    });
    expect(refusalOf({ intervalMs: 60_000 }, { cooldownMs: 0 })).toBeNull();
    expect(refusalOf({ intervalMs: 59_000 }, { cooldownMs: 0 })?.code).toBe('symbol-cooldown');
  });

  it('is refused with fewer slices than two and more than there may be', () => {
    for (const count of [1, 121]) expect(refusalOf({ count })?.code).toBe('order-malformed');
  });

  it('is refused when a slice would be smaller than what can be ordered', () => {
    expect(refusalOf({ quantity: wholeQuantity(9) })).toMatchObject({ code: 'quantity-below-minimum' });
    expect(refusalOf({ quantity: wholeQuantity(10) })).toBeNull();
    const fractions = { step: parseQuantity('0.000000001'), quantityMin: parseQuantity('0.5') };
    expect(refusalOf({ quantity: parseQuantity('4.9') }, fractions)?.code).toBe('quantity-below-minimum');
    expect(refusalOf({ quantity: parseQuantity('5') }, fractions)).toBeNull();
  });

  it('is refused off the step, and for nothing', () => {
    expect(refusalOf({ quantity: parseQuantity('10.5') })?.code).toBe('quantity-off-step');
    expect(refusalOf({ quantity: ZERO_QUANTITY })?.code).toBe('quantity-off-step');
  });

  it('is refused when a slice is too large for the market, and says how many slices would pass', () => {
    expect(refusalOf({}, { sliceMax: wholeQuantity(10) })).toBeNull();
    const refused = refusalOf({ quantity: wholeQuantity(101) }, { sliceMax: parseQuantity('10.9') });
    expect(refused).toMatchObject({ code: 'slice-exceeds-liquidity', context: { actual: '11', slicesNeeded: '11' } });
    expect(refusalOf({ quantity: wholeQuantity(101), count: 11 }, { sliceMax: parseQuantity('10.9') })).toBeNull();
    const none = refusalOf({}, { sliceMax: ZERO_QUANTITY });
    expect(none?.code).toBe('slice-exceeds-liquidity');
    expect(none?.context).not.toHaveProperty('slicesNeeded');
  });
});

describe('what one slice may be of the volume', () => {
  const volume = { averageVolume: wholeQuantity(390_000), intervalMs: 60_000 };

  it('is the smaller of the share of the day and the share of the interval', () => {
    const of = (sessionShareBps: bigint | null, participationBps: bigint | null): string | null => {
      const max = sliceMaxOf({ ...volume, sessionShareBps, participationBps });
      return max === null ? null : formatQuantity(max);
    };
    expect(of(100n, null)).toBe('3900');
    // A minute is one of 390 of a session: 1,000 shares, of which 5 %.
    expect(of(null, 500n)).toBe('50');
    expect(of(100n, 500n)).toBe('50');
    expect(of(1n, 10_000n)).toBe('39');
    expect(of(null, null)).toBeNull();
  });

  it('is nothing where the volume is not known', () => {
    expect(sliceMaxOf({ averageVolume: null, sessionShareBps: 100n, participationBps: null, intervalMs: 1 })).toBe(0n);
  });
});

describe('the name of a parent', () => {
  it('is told by its slices, and by no other order', () => {
    const parentId = parentIdOf(['key', 'a-1', 'k']);
    expect(parentIdOf(['key', 'a-1', 'k'])).toBe(parentId);
    expect(parentIdOf(['key', 'a-1', 'l'])).not.toBe(parentId);
    expect(parentId).toMatch(/^twap-[0-9a-z]{32}$/);
    expect(parentOf({ decision: { decisionId: parentId, generation: 0, slice: 3 } })).toBe(parentId);
    const other = { decisionId: decisionId('run-7:AAPL'), generation: 0, slice: 0 };
    expect(parentOf({ decision: other })).toBeNull();
  });
});
