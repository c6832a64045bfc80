import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMoney, parseMoney } from '#shared/core/kernel/decimal.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { cashLeft, reserveCash, type StrategyCash } from './strategy-cash.ts';

const cash: StrategyCash = {
  strategyId: strategyId('momentum'),
  allocated: parseMoney('10000'),
  invested: parseMoney('6000'),
  reserved: parseMoney('1500'),
};

describe('reserveCash', () => {
  it('reserves to the last cent and not beyond', () => {
    const all = reserveCash(cash, parseMoney('2500'));
    expect(all.ok && cashLeft(all.value)).toBe(0n);
    expect(reserveCash(cash, parseMoney('2500.01'))).toMatchObject({
      ok: false,
      error: {
        code: 'strategy-cash',
        context: { actual: '10000.01', limit: '10000', left: '2500', wouldPassAt: '10000.01' },
      },
    });
  });

  it('has nothing left when the allocation fell below what is committed', () => {
    expect(cashLeft({ ...cash, allocated: parseMoney('5000') })).toBe(0n);
  });

  it('never overdraws, in whatever order amounts are asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 })), (amounts) => {
        const end = amounts.reduce((state, amount) => {
          const next = reserveCash(state, parseMoney(String(amount)));
          return next.ok ? next.value : state;
        }, cash);
        expect(end.invested + end.reserved <= end.allocated).toBe(true);
        expect(Number(formatMoney(cashLeft(end)))).toBeGreaterThanOrEqual(0);
      }),
      { seed: 3 },
    );
  });
});
