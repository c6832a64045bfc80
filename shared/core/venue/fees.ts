/** What an execution costs beside its price. The paper service takes none; a backtest and a live-like run do. */
import {
  type Money,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_PRICE,
  addMoney,
  minMoney,
  notionalOf,
  prorateMoney,
  roundMoney,
} from '#shared/core/kernel/decimal.ts';
import type { Side } from '#shared/core/order/terms.ts';

export interface FeeSchedule {
  /** Dollars for each share, both ways. */
  readonly commissionPerShare: Price;
  /** Section 31 fee: dollars for each million dollars sold, in whole cents a million; rounded up to a cent. */
  readonly secCentsPerMillion: number;
  /** FINRA trading activity fee: dollars for each share sold, with a ceiling for an execution; rounded up to a cent. */
  readonly tafPerShare: Price;
  readonly tafMax: Money;
}

export const NO_FEES: FeeSchedule = {
  commissionPerShare: ZERO_PRICE,
  secCentsPerMillion: 0,
  tafPerShare: ZERO_PRICE,
  tafMax: ZERO_MONEY,
};

/** Cents in a million dollars. */
const HUNDRED_MILLION = 100_000_000n;

/** The fees of one execution, never negative. Regulatory fees fall on sells only. */
export function feesOf(schedule: FeeSchedule, side: Side, quantity: Quantity, price: Price): Money {
  const commission = notionalOf(schedule.commissionPerShare, quantity);
  if (side === 'buy') return commission;
  const sec = prorateMoney(
    notionalOf(price, quantity),
    BigInt(schedule.secCentsPerMillion),
    HUNDRED_MILLION,
    'ceiling',
  );
  const taf = minMoney(notionalOf(schedule.tafPerShare, quantity), schedule.tafMax);
  return addMoney(commission, addMoney(roundMoney(sec, 2, 'ceiling'), roundMoney(taf, 2, 'ceiling')));
}
