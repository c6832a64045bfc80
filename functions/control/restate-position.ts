/** What a person says that a strategy holds, where no execution at the broker tells it: after a split, a transfer. */
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { done, notFound, operation, outOfScope } from './operation.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

/** The books alone change; no order is placed. That books and broker agree then, the next pass has to find. */
export const restatePosition = operation(
  SAFETY_SCHEMAS.restatePosition,
  async ({ adjustments, books, safety, accountId, telemetry }, call, { params, body }) => {
    const [symbol, strategy] = [ticker(params.symbol), strategyId(body.strategy_id)];
    if (!reachesStrategy(call.grant, strategy)) return outOfScope(strategy);
    const [book, strategies] = await Promise.all([books.get(accountId, symbol), safety.strategies(accountId)]);
    if (book === null) return notFound('book-not-found', `there is no book of ${symbol}`);
    if (!strategies.some((known) => known.strategyId === strategy)) {
      return notFound('strategy-not-found', `there is no strategy ${strategy}`);
    }
    const restated = await adjustments.adjust({
      accountId,
      ticker: symbol,
      strategyId: strategy,
      quantity: parseQuantity(body.qty),
      cost: parseMoney(body.cost),
      by: call.subject,
      reason: body.reason,
      now: call.now,
    });
    telemetry.warn('a position was restated', { symbol, strategy, by: call.subject, restated });
    return done({ symbol, strategy_id: strategy, qty: body.qty, cost: body.cost, restated });
  },
);
