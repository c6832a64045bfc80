/**
 * What the post-trade monitor watches and when it trips the breaker: one pure function for each cause, from facts that
 * protect has read, each with its own numbers of the policy.
 */
import { formatMoney, type Money, prorateMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Policy, PolicyLimits } from '#shared/core/portfolio/policy.ts';
import { type MonitorPolicy, TRIP_CAUSES, type TripCause } from '#shared/core/portfolio/safety-policy.ts';
import type { OrderOutcome } from '#shared/core/safety/order-outcomes.ts';
import type { HoldingCause, Probe } from '#shared/core/safety/watch.ts';

export interface MonitorFacts {
  readonly now: EpochMs;
  readonly policy: Pick<Policy, 'limits' | 'monitor'>;
  /** When the session that is open now opened; null while none is. */
  readonly sessionOpenAt: EpochMs | null;
  /** Of the day's session; null until its first pass of reconciliation. */
  readonly equityAtOpen: Money | null;
  /** The lower of the last pass's and what books and quotes make of it since. */
  readonly equity: Money | null;
  /** Whether that is the quotes' one. */
  readonly markedByQuotes: boolean;
  /** The highest equity of the session, and of all; null before the first. */
  readonly sessionPeak: Money | null;
  readonly peak: Money | null;
  /** When the newest quote of the universe was read; null when there is none. */
  readonly quotedAt: EpochMs | null;
  /** How the orders of the window ended up, oldest first. */
  readonly outcomes: readonly OrderOutcome[];
  /** The broker's requests of the window. */
  readonly requests: { readonly answered: number; readonly failed: number };
  readonly reconciledAt: EpochMs | null;
  /** Passes in a row, the last one included, that compared nothing. */
  readonly passesFailed: number;
  /** When the oldest order of unknown fate was sent; null when there is none. */
  readonly oldestUnknownAt: EpochMs | null;
  /** Questions to the broker's clock, oldest first. */
  readonly probes: readonly Probe[];
}

/** A number of the policy that a monitor reads, by its path in the document. */
export type MonitorNumber = `limits.${keyof PolicyLimits}` | `monitor.${keyof MonitorPolicy}`;

export interface Monitor {
  readonly cause: TripCause;
  /** What trips, as a sentence without its end. */
  readonly trips: string;
  readonly numbers: readonly MonitorNumber[];
  /** What holds now, for a person; null while all is well or the fact is not there yet. */
  readonly watch: (facts: MonitorFacts) => string | null;
}

const FULL_BPS = 10_000n;
const secondsOf = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** A fall from a height by more than a share of it. */
function fallen(
  from: Money | null,
  { equity: to, markedByQuotes }: MonitorFacts,
  limitBps: bigint,
  since: string,
): string | null {
  if (from === null || to === null || from <= 0n) return null;
  const loss = subtractMoney(from, to);
  const limit = prorateMoney(from, limitBps, FULL_BPS, 'floor');
  const by = markedByQuotes ? ', by the quotes' : '';
  return loss > limit ? `lost ${formatMoney(loss)} since ${since}${by}; the limit is ${formatMoney(limit)}` : null;
}

const dailyLoss: Monitor = {
  cause: 'daily-loss',
  trips: 'equity fell further below its value at the start of the session than the policy allows',
  numbers: ['limits.dailyLossBpsMax'],
  watch: (facts) => fallen(facts.equityAtOpen, facts, facts.policy.limits.dailyLossBpsMax, 'the session began'),
};

const dailyDrawdown: Monitor = {
  cause: 'daily-drawdown',
  trips: "equity fell further below the session's highest than the policy allows",
  numbers: ['limits.drawdownBpsMax'],
  watch: (facts) => fallen(facts.sessionPeak, facts, facts.policy.limits.drawdownBpsMax, 'its highest of the session'),
};

const peakDrawdown: Monitor = {
  cause: 'peak-drawdown',
  trips: 'equity fell further below the highest that it ever was than the policy allows',
  numbers: ['monitor.peakDrawdownBpsMax'],
  watch: (facts) => fallen(facts.peak, facts, facts.policy.monitor.peakDrawdownBpsMax, 'its highest of all'),
};

/** For how long nothing was read in this session. */
export function quotesAgeMs({ now, sessionOpenAt, quotedAt }: MonitorFacts): number | null {
  if (sessionOpenAt === null) return null;
  return now - (quotedAt !== null && quotedAt > sessionOpenAt ? quotedAt : sessionOpenAt);
}

const marketDataStale: Monitor = {
  cause: 'market-data-stale',
  trips: 'no quote was read in a session for longer than the policy allows',
  numbers: ['monitor.marketDataAgeMsMax'],
  watch: (facts) => {
    const ageMs = quotesAgeMs(facts);
    const limit = facts.policy.monitor.marketDataAgeMsMax;
    return ageMs !== null && ageMs > limit
      ? `no quote was read for ${secondsOf(ageMs)}; the limit is ${secondsOf(limit)}`
      : null;
  },
};

/** More than a share, and at least so many. */
const isMost = (part: number, of: number, shareBps: bigint, min: number): boolean =>
  part >= min && BigInt(part) * FULL_BPS > BigInt(of) * shareBps;

const brokerErrorRate: Monitor = {
  cause: 'broker-error-rate',
  trips: 'of the requests to the broker in the window more failed than the policy allows, and at least so many',
  numbers: ['monitor.brokerErrorShareBpsMax', 'monitor.brokerErrorsMin', 'monitor.windowMs'],
  watch: ({ requests: { answered, failed }, policy: { monitor } }) =>
    isMost(failed, answered + failed, monitor.brokerErrorShareBpsMax, monitor.brokerErrorsMin)
      ? `${failed} of ${answered + failed} requests to the broker failed in ${secondsOf(monitor.windowMs)}`
      : null,
};

const consecutiveFailures: Monitor = {
  cause: 'consecutive-failures',
  trips: 'so many orders in a row failed or are of unknown fate, with none between that the broker answered',
  numbers: ['monitor.consecutiveFailuresMax', 'monitor.windowMs'],
  watch: ({ outcomes, policy: { monitor } }) => {
    const answered = outcomes.findLastIndex(({ kind }) => kind !== 'failed');
    const failures = outcomes.length - 1 - answered;
    return failures >= monitor.consecutiveFailuresMax
      ? `the last ${failures} orders failed or are of unknown fate; the limit is ${monitor.consecutiveFailuresMax}`
      : null;
  },
};

const rejections: Monitor = {
  cause: 'rejections',
  trips:
    'of the orders that the broker answered in the window more were rejected than the policy allows, and at least so many',
  numbers: ['monitor.rejectedShareBpsMax', 'monitor.rejectionsMin', 'monitor.windowMs'],
  watch: ({ outcomes, policy: { monitor } }) => {
    const rejected = outcomes.filter(({ kind }) => kind === 'rejected').length;
    const answered = outcomes.filter(({ kind }) => kind !== 'failed').length;
    return isMost(rejected, answered, monitor.rejectedShareBpsMax, monitor.rejectionsMin)
      ? `the broker rejected ${rejected} of ${answered} orders in ${secondsOf(monitor.windowMs)}`
      : null;
  },
};

const reconciliationStale: Monitor = {
  cause: 'reconciliation-stale',
  trips: 'no pass of reconciliation succeeded in a session for longer than the policy allows',
  numbers: ['monitor.reconciliationAgeMsMax'],
  watch: ({ reconciledAt, now, sessionOpenAt, policy }) => {
    if (sessionOpenAt === null) return null;
    if (reconciledAt === null) return 'no reconciliation pass has succeeded ever';
    const ageMs = now - reconciledAt;
    const limit = policy.monitor.reconciliationAgeMsMax;
    return ageMs > limit
      ? `no reconciliation pass has succeeded for ${secondsOf(ageMs)}; the limit is ${secondsOf(limit)}`
      : null;
  },
};

const reconciliationFailed: Monitor = {
  cause: 'reconciliation-failed',
  trips: 'so many passes of reconciliation in a row compared nothing',
  numbers: ['monitor.reconciliationFailuresMax', 'monitor.windowMs'],
  watch: ({ passesFailed, policy }) =>
    passesFailed >= policy.monitor.reconciliationFailuresMax
      ? `the last ${passesFailed} passes of reconciliation compared nothing`
      : null,
};

const unknownOrderOld: Monitor = {
  cause: 'unknown-order-old',
  trips: 'the fate of an order has not been known for longer than the policy allows',
  numbers: ['monitor.unknownAgeMsMax'],
  watch: ({ oldestUnknownAt, now, policy }) =>
    oldestUnknownAt !== null && now - oldestUnknownAt > policy.monitor.unknownAgeMsMax
      ? `the fate of an order has not been known for ${secondsOf(now - oldestUnknownAt)}`
      : null,
};

const clockSkew: Monitor = {
  cause: 'clock-skew',
  trips: "the house's clock differs from the broker's by more than the policy allows, whatever the answer's way took",
  numbers: ['monitor.clockSkewMsMax'],
  watch: ({ probes, policy }) => {
    const skewMs = probes.findLast((probe) => probe.skewMs !== null)?.skewMs ?? null;
    return skewMs !== null && Math.abs(skewMs) > policy.monitor.clockSkewMsMax
      ? `the broker's clock is ${skewMs} ms ahead of the house's; the limit is ${policy.monitor.clockSkewMsMax} ms`
      : null;
  },
};

/** Every monitor there is, by its cause. */
const MONITOR_OF: Readonly<Record<TripCause, Monitor>> = {
  'daily-loss': dailyLoss,
  'daily-drawdown': dailyDrawdown,
  'peak-drawdown': peakDrawdown,
  'market-data-stale': marketDataStale,
  'broker-error-rate': brokerErrorRate,
  'consecutive-failures': consecutiveFailures,
  rejections,
  'reconciliation-stale': reconciliationStale,
  'reconciliation-failed': reconciliationFailed,
  'unknown-order-old': unknownOrderOld,
  'clock-skew': clockSkew,
};

/** In the order of their weight: what is told first when several hold. */
export const MONITORS: readonly Monitor[] = TRIP_CAUSES.map((cause) => MONITOR_OF[cause]);

/** Every cause that holds now, in the order of their weight; empty when all is well. */
export const causesOf = (facts: MonitorFacts): readonly HoldingCause[] =>
  MONITORS.flatMap(({ cause, watch }) => {
    const message = watch(facts);
    return message === null ? [] : [{ cause, message }];
  });

/**
 * The broker's clock less the house's, as far as an answer proves it: by half of the time that the answer took the two
 * cannot be told apart.
 */
export function provenSkewMs(askedAt: EpochMs, answeredAt: EpochMs, brokerAt: EpochMs): number {
  const doubt = (answeredAt - askedAt) / 2;
  const offset = brokerAt - (askedAt + answeredAt) / 2;
  const proven = Math.max(0, Math.abs(offset) - doubt);
  return Math.trunc(offset < 0 ? -proven : proven);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The monitors as a page to read: docs/concepts/monitor.md is this text and nothing else. */
export function renderMonitors(): string {
  return [
    '# What trips the breaker',
    '',
    'This page is made from `MONITORS` in `shared/core/safety/monitor.ts`. To write it anew:',
    '`npx vitest run shared/core/safety/monitor.test.ts --update`. How the monitor works is told in [safety](safety.md).',
    '',
    'In the order of their weight: when several hold, the first trips.',
    '',
    row(['cause', 'trips when', 'numbers of the policy']),
    row(['---', '---', '---']),
    ...MONITORS.map(({ cause, trips, numbers }) =>
      row([`\`${cause}\``, trips, numbers.map((number) => `\`${number}\``).join(', ')]),
    ),
    '',
  ].join('\n');
}
