/** Each strategy's own cash: what it may commit, what it has, and what is reserved. No strategy draws on another's. */
import { addMoney, formatMoney, maxMoney, type Money, subtractMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';

export interface StrategyCash {
  readonly strategyId: StrategyId;
  /** What the policy gives it. */
  readonly allocated: Money;
  /** What its positions cost, less what it has realised. */
  readonly invested: Money;
  /** What its open orders, and those accepted in this run, may still cost. */
  readonly reserved: Money;
}

/** What is left to commit; never negative, also when the allocation was lowered below what is committed. */
export const cashLeft = ({ allocated, invested, reserved }: StrategyCash): Money =>
  maxMoney(ZERO_MONEY, subtractMoney(subtractMoney(allocated, invested), reserved));

/** Reserves an amount, or says by how much it is too much. */
export function reserveCash(cash: StrategyCash, amount: Money): Result<StrategyCash, Refusal> {
  const left = cashLeft(cash);
  if (amount <= left) return succeed({ ...cash, reserved: addMoney(cash.reserved, amount) });
  const committed = formatMoney(addMoney(addMoney(cash.invested, cash.reserved), amount));
  const remaining = formatMoney(left);
  return fail(
    refusal('strategy-cash', `${cash.strategyId} has ${remaining} left and would need ${formatMoney(amount)}`, {
      actual: committed,
      limit: formatMoney(cash.allocated),
      left: remaining,
      wouldPassAt: committed,
    }),
  );
}
