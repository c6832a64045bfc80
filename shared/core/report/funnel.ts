/**
 * The funnel: how many signals there were, how many each stage took out, and how many became orders; and for each that
 * did not, what it was refused for and which change would have let it pass.
 */
import { invariant } from '#shared/core/kernel/fault.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { RefusalCode, RefusalStage } from '#shared/core/kernel/refusal.ts';
import type { FunnelEntry } from '#shared/core/portfolio/snapshot.ts';

/** The stages in the order in which a signal passes them. */
const FUNNEL_STAGES = [
  'regime',
  'correlation',
  'risk',
  'safety',
  'claim',
  'send',
  'broker',
] as const satisfies readonly RefusalStage[];

/** Law: raw = executed + the sum of all refused. */
export interface FunnelCounts {
  readonly raw: number;
  readonly refused: Readonly<Record<RefusalStage, number>>;
  readonly executed: number;
}

export interface FunnelReport {
  readonly total: FunnelCounts;
  /** By strategy name. */
  readonly strategies: readonly { readonly strategyId: StrategyId; readonly counts: FunnelCounts }[];
  /** By how often, then by name. */
  readonly codes: readonly { readonly code: RefusalCode; readonly stage: RefusalStage; readonly count: number }[];
}

export const refusedIn = (counts: FunnelCounts): number =>
  FUNNEL_STAGES.reduce((sum, stage) => sum + counts.refused[stage], 0);

/** Signals that were left after each stage: raw first, those that were executed last. */
export function survivorsOf(
  counts: FunnelCounts,
): readonly { readonly stage: 'raw' | RefusalStage; readonly left: number }[] {
  let left = counts.raw;
  return [
    { stage: 'raw', left },
    ...FUNNEL_STAGES.map((stage) => {
      left -= counts.refused[stage];
      return { stage, left };
    }),
  ];
}

const NOTHING: Readonly<Record<RefusalStage, number>> = {
  regime: 0,
  correlation: 0,
  risk: 0,
  safety: 0,
  claim: 0,
  send: 0,
  broker: 0,
};

/** One signal that became no order. */
export interface MissedTrade {
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  readonly kind: 'entry' | 'exit';
  readonly asOf: CalendarDate;
  readonly stage: RefusalStage;
  readonly code: RefusalCode;
  readonly message: string;
  readonly actual: string | null;
  readonly limit: string | null;
  /** The smallest change of the limit that would have let it pass; null where no limit would. */
  readonly wouldPassAt: string | null;
}

export interface WhyNoTrade {
  /** One sentence. */
  readonly headline: string;
  /** For each code: how often, and the signal that missed by the least; of equals, the first. */
  readonly nearest: readonly { readonly code: RefusalCode; readonly count: number; readonly nearest: MissedTrade }[];
}

type RefusedEntry = Extract<FunnelEntry, { outcome: 'refused' }>;

interface Counting {
  raw: number;
  executed: number;
  readonly refused: Record<RefusalStage, number>;
}

interface Reason {
  readonly stage: RefusalStage;
  count: number;
  nearest: RefusedEntry;
  /** How far the nearest was beyond its limit. */
  missedBy: number;
}

/** How far beyond its limit a number was, as a fraction of the limit; infinite where there is no such measure. */
function missedBy({ refusal }: RefusedEntry): number {
  const { actual, limit } = refusal.context;
  const [found, allowed] = [Number(actual ?? Number.NaN), Number(limit ?? Number.NaN)];
  return Number.isFinite(found) && Number.isFinite(allowed) && allowed !== 0
    ? Math.abs(found / allowed - 1)
    : Number.POSITIVE_INFINITY;
}

function missedTrade({ signal, stage, refusal }: RefusedEntry): MissedTrade {
  const { actual = null, limit = null, wouldPassAt = null } = refusal.context;
  const { strategyId, ticker, kind, asOf } = signal;
  const { code, message } = refusal;
  return { strategyId, ticker, kind, asOf, stage, code, message, actual, limit, wouldPassAt };
}

function checked(counts: Counting): FunnelCounts {
  const refused = refusedIn(counts);
  invariant(counts.raw === counts.executed + refused, 'every signal of a funnel is executed or refused, once');
  return counts;
}

/**
 * Counts the entries of one run, or of many, as they come. It keeps none of them but the nearest miss of each reason:
 * the entries of years would be most of what a backtest holds in memory.
 */
export class Funnel {
  readonly #strategies = new Map<StrategyId, Counting>();
  readonly #reasons = new Map<RefusalCode, Reason>();

  add(entry: FunnelEntry): void {
    const counts = this.#countsOf(entry.signal.strategyId);
    counts.raw += 1;
    if (entry.outcome === 'executed') {
      counts.executed += 1;
      return;
    }
    counts.refused[entry.stage] += 1;
    const { code } = entry.refusal;
    const by = missedBy(entry);
    const known = this.#reasons.get(code);
    if (known === undefined) {
      this.#reasons.set(code, { stage: entry.stage, count: 1, nearest: entry, missedBy: by });
      return;
    }
    known.count += 1;
    if (!(by < known.missedBy)) return;
    known.nearest = entry;
    known.missedBy = by;
  }

  #countsOf(strategy: StrategyId): Counting {
    const known = this.#strategies.get(strategy);
    if (known !== undefined) return known;
    const made = { raw: 0, executed: 0, refused: { ...NOTHING } };
    this.#strategies.set(strategy, made);
    return made;
  }

  /** By how often, then by name. */
  #ranked(): readonly (readonly [RefusalCode, Reason])[] {
    return [...this.#reasons].sort(([a, { count: often }], [b, { count }]) =>
      often === count ? (a < b ? -1 : 1) : count - often,
    );
  }

  get report(): FunnelReport {
    const total: Counting = { raw: 0, executed: 0, refused: { ...NOTHING } };
    for (const { raw, executed, refused } of this.#strategies.values()) {
      total.raw += raw;
      total.executed += executed;
      for (const stage of FUNNEL_STAGES) total.refused[stage] += refused[stage];
    }
    return {
      total: checked(total),
      strategies: [...this.#strategies]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([strategyId, counts]) => ({ strategyId, counts: checked(counts) })),
      codes: this.#ranked().map(([code, { stage, count }]) => ({ code, stage, count })),
    };
  }

  /** Explains what became no order. */
  get why(): WhyNoTrade {
    const { raw, executed } = this.report.total;
    const nearest = this.#ranked().map(([code, reason]) => ({
      code,
      count: reason.count,
      nearest: missedTrade(reason.nearest),
    }));
    return { headline: headlineOf(raw, raw - executed, nearest[0]?.code ?? null), nearest };
  }
}

function headlineOf(raw: number, missed: number, commonest: RefusalCode | null): string {
  if (raw === 0) return 'No strategy made a signal, so there was nothing to trade.';
  const orders = raw - missed;
  if (commonest === null) return `${raw} of ${raw} signals became orders.`;
  return `${orders} of ${raw} signals became orders; most of the others were refused for ${commonest}.`;
}
