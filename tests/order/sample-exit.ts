/** An exit of ten units that has just been opened, and what its step looks at. */
import { parsePrice, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { correlationId, decisionId } from '#shared/core/kernel/identity.ts';
import { openExit } from '#shared/core/order/exit.ts';
import type { Exit, ExitView } from '#shared/core/order/exit.ts';
import { CLAIMED_AT, REASON, sampleIntent, units } from '#tests/order/sample-orders.ts';

export const opened = (): Exit =>
  openExit({
    exitId: decisionId('exit-1'),
    accountId: sampleIntent().terms.accountId,
    strategyId: sampleIntent().terms.strategyId,
    ticker: sampleIntent().terms.ticker,
    purpose: 'exit',
    by: 'protect',
    reason: REASON,
    correlationId: correlationId('exit-1'),
    openedAt: CLAIMED_AT,
  });

export const view = (changes: Partial<ExitView> = {}): ExitView => ({
  now: CLAIMED_AT,
  sessionOpen: true,
  share: units(10),
  othersShare: ZERO_QUANTITY,
  booksFresh: true,
  brokerPosition: null,
  openOrders: [],
  current: null,
  currentRefusal: null,
  pricing: { arrivalPrice: parsePrice('100'), limitPrice: null },
  policyVersion: 3,
  ...changes,
});
