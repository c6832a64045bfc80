/** The policy that a new account begins with: small limits that a person widens, never ones that a person must narrow. */
import { type Money, parseMoney, parsePrice, parseQuantity, prorateMoney } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { UniverseSource } from '#shared/core/market/universe.ts';
import { FIRST_DECISION } from '#shared/core/portfolio/decision-policy.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { BreakerPolicy, CheckPolicy, MonitorPolicy, StopPolicy } from '#shared/core/portfolio/safety-policy.ts';

/** The checks of a new account but for what follows from its equity. */
const FIRST_CHECKS: Omit<CheckPolicy, 'netExposureMax'> = {
  warnShareBps: 8000n,
  orderQuantityMax: parseQuantity('100000'),
  marketOrderShareBps: 5000n,
  sliceVolumeShareBpsMax: 100n,
  symbolQuantityMax: parseQuantity('20000'),
  heatBpsMax: 5000n,
  cashTargetBps: 500n,
  symbolCooldownMs: 60_000,
  submitsPerMinuteMax: 60,
  strategySubmitsPerMinuteMax: 40,
  exitProfitBpsMin: null,
  // A quarter has 64 sessions at most, and its model was trained through the one before.
  modelAgeSessionsMax: 70,
  shortSelling: false,
  blacklist: [],
  whitelist: null,
};

const FIRST_BREAKER: BreakerPolicy = { quietMs: 300_000, flattenOn: [] };

const FIRST_MONITOR: MonitorPolicy = {
  peakDrawdownBpsMax: 1500n,
  marketDataAgeMsMax: 300_000,
  windowMs: 900_000,
  consecutiveFailuresMax: 3,
  rejectedShareBpsMax: 5000n,
  rejectionsMin: 5,
  brokerErrorShareBpsMax: 5000n,
  brokerErrorsMin: 5,
  reconciliationAgeMsMax: 360_000,
  reconciliationFailuresMax: 3,
  unknownAgeMsMax: 300_000,
  clockSkewMsMax: 5_000,
};

const FIRST_STOPS: StopPolicy = {
  rangePercent: 300n,
  fallbackBps: 1000n,
  trailing: false,
  resident: true,
  residentGraceMs: 60_000,
  nakedMsMax: 120_000,
};

/** @param equity of the account now; limits that are amounts follow from it */
export function firstPolicy(
  universe: readonly Ticker[],
  strategies: readonly StrategyId[],
  equity: Money,
  universeSource: UniverseSource = { kind: 'list' },
): Policy {
  const share = (part: bigint, of: bigint): Money => prorateMoney(equity, part, of, 'floor');
  return {
    version: 1,
    universe,
    universeSource,
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
    decision: FIRST_DECISION,
    checks: {
      ...FIRST_CHECKS,
      netExposureMax: equity,
    },
    breaker: FIRST_BREAKER,
    monitor: FIRST_MONITOR,
    stops: FIRST_STOPS,
    reconciliation: {
      foreignOrders: 'quarantine',
      cashToleranceBps: 100n,
      quarantinesMax: 3,
      unknownAgeMsMax: 300_000,
    },
  };
}
