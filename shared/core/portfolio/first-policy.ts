/** The policy that a new account begins with: small limits that a person widens, never ones that a person must narrow. */
import { type Money, parseMoney, parsePrice, parseQuantity, prorateMoney } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';

/** @param equity of the account now; limits that are amounts follow from it */
export function firstPolicy(universe: readonly Ticker[], strategies: readonly StrategyId[], equity: Money): Policy {
  const share = (part: bigint, of: bigint): Money => prorateMoney(equity, part, of, 'floor');
  return {
    version: 1,
    universe,
    strategies: strategies.map((strategyId) => ({
      strategyId,
      enabled: true,
      cash: share(9n, 10n * BigInt(Math.max(1, strategies.length))),
      parameters: {},
    })),
    limits: {
      grossExposureMax: equity,
      symbolExposureMax: share(1n, 5n),
      positionsMax: 12,
      ordersOpenMax: 40,
      ordersPerDayMax: 100,
      ordersPerCycleMax: 40,
      notionalPerCycleMax: equity,
      fatFingerNotionalMax: parseMoney('100000'),
      fatFingerQuantityMax: parseQuantity('10000'),
      fatFingerVolumeShareBpsMax: 500n,
      priceMin: parsePrice('1'),
      orderNotionalMin: parseMoney('1'),
      collarBps: 400n,
      spreadBpsMax: 100n,
      quoteAgeMsMax: 30_000,
      reconciliationAgeMsMax: 180_000,
      decisionAgeMsMax: 300_000,
      dailyLossBpsMax: 200n,
      drawdownBpsMax: 500n,
    },
    reconciliation: {
      foreignOrders: 'quarantine',
      cashToleranceBps: 100n,
      quarantinesMax: 3,
      unknownAgeMsMax: 300_000,
    },
  };
}
