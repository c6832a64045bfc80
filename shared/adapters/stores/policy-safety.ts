/** The safety sections of the policy document. */
import * as z from 'zod';
import { amount, basisPoints, count, durationMs, identity, units } from '#shared/adapters/stores/policy-fields.ts';
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { TRIP_CAUSES } from '#shared/core/portfolio/safety-policy.ts';
import { TALLY_MINUTES } from '#shared/core/safety/request-tally.ts';

const symbols = z.array(identity(ticker)).max(1000);

export const checks = z.strictObject({
  warnShareBps: basisPoints,
  orderQuantityMax: units,
  marketOrderShareBps: basisPoints,
  sliceVolumeShareBpsMax: basisPoints,
  symbolQuantityMax: units,
  netExposureMax: amount,
  heatBpsMax: basisPoints,
  cashTargetBps: basisPoints,
  symbolCooldownMs: durationMs,
  submitsPerMinuteMax: count,
  strategySubmitsPerMinuteMax: count,
  exitProfitBpsMin: basisPoints.nullable(),
  // Documents that were written before models had an age are held to that of the first policy.
  modelAgeSessionsMax: count.default(70),
  shortSelling: z.boolean(),
  blacklist: symbols,
  whitelist: symbols.nullable(),
});

export const breaker = z.strictObject({
  quietMs: durationMs,
  flattenOn: z.array(z.enum(TRIP_CAUSES)).max(TRIP_CAUSES.length),
});

/** Requests to the broker are remembered for so long. */
const WINDOW_MS_MAX = TALLY_MINUTES * 60_000;

export const monitor = z.strictObject({
  peakDrawdownBpsMax: basisPoints,
  marketDataAgeMsMax: durationMs,
  windowMs: durationMs.min(60_000, 'expected 60000 or more').max(WINDOW_MS_MAX, `expected ${WINDOW_MS_MAX} or less`),
  consecutiveFailuresMax: count.min(1, 'expected 1 or more'),
  rejectedShareBpsMax: basisPoints,
  rejectionsMin: count.min(1, 'expected 1 or more'),
  brokerErrorShareBpsMax: basisPoints,
  brokerErrorsMin: count.min(1, 'expected 1 or more'),
  reconciliationAgeMsMax: durationMs.min(180_000, 'expected 180000 or more'),
  reconciliationFailuresMax: count.min(1, 'expected 1 or more'),
  unknownAgeMsMax: durationMs,
  clockSkewMsMax: durationMs.min(500, 'expected 500 or more'),
});

export const stops = z.strictObject({
  // A stop at the entry price itself would sell at once.
  rangePercent: basisPoints.refine((value) => value > 0n, 'expected above zero'),
  fallbackBps: basisPoints.refine((value) => value > 0n && value < 10_000n, 'expected above zero and below 10000'),
  trailing: z.boolean(),
  resident: z.boolean(),
  residentGraceMs: durationMs,
  nakedMsMax: durationMs,
});

type Written<S extends z.ZodType> = z.input<S>;

/** The sections as they are written down. */
export interface SafetySections {
  readonly checks: Written<typeof checks>;
  readonly breaker: Written<typeof breaker>;
  readonly monitor: Written<typeof monitor>;
  readonly stops: Written<typeof stops>;
}

export const writeSafety = ({ checks: from, breaker: trips, monitor: guard, stops: stop }: Policy): SafetySections => ({
  checks: {
    warnShareBps: Number(from.warnShareBps),
    orderQuantityMax: formatQuantity(from.orderQuantityMax),
    marketOrderShareBps: Number(from.marketOrderShareBps),
    sliceVolumeShareBpsMax: Number(from.sliceVolumeShareBpsMax),
    symbolQuantityMax: formatQuantity(from.symbolQuantityMax),
    netExposureMax: formatMoney(from.netExposureMax),
    heatBpsMax: Number(from.heatBpsMax),
    cashTargetBps: Number(from.cashTargetBps),
    symbolCooldownMs: from.symbolCooldownMs,
    submitsPerMinuteMax: from.submitsPerMinuteMax,
    strategySubmitsPerMinuteMax: from.strategySubmitsPerMinuteMax,
    exitProfitBpsMin: from.exitProfitBpsMin === null ? null : Number(from.exitProfitBpsMin),
    modelAgeSessionsMax: from.modelAgeSessionsMax,
    shortSelling: from.shortSelling,
    blacklist: [...from.blacklist],
    whitelist: from.whitelist === null ? null : [...from.whitelist],
  },
  breaker: { quietMs: trips.quietMs, flattenOn: [...trips.flattenOn] },
  monitor: {
    ...guard,
    peakDrawdownBpsMax: Number(guard.peakDrawdownBpsMax),
    rejectedShareBpsMax: Number(guard.rejectedShareBpsMax),
    brokerErrorShareBpsMax: Number(guard.brokerErrorShareBpsMax),
  },
  stops: {
    ...stop,
    rangePercent: Number(stop.rangePercent),
    fallbackBps: Number(stop.fallbackBps),
  },
});
