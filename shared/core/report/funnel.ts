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

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function countsOf(entries: readonly FunnelEntry[]): FunnelCounts {
  const refused = { ...NOTHING };
  let executed = 0;
  for (const entry of entries) {
    if (entry.outcome === 'executed') executed += 1;
    else refused[entry.stage] += 1;
  }
  const counts = { raw: entries.length, refused, executed };
  invariant(
    counts.raw === counts.executed + refusedIn(counts),
    'every signal of a funnel is executed or refused, once',
  );
  return counts;
}

/** Counts a run's entries, or those of many runs together. */
export function funnelOf(entries: readonly FunnelEntry[]): FunnelReport {
  const byStrategy = groupBy(entries, ({ signal }) => signal.strategyId);
  const refusals = entries.flatMap((entry) => (entry.outcome === 'refused' ? [entry] : []));
  const byCode = groupBy(refusals, ({ refusal }) => refusal.code);
  return {
    total: countsOf(entries),
    strategies: [...byStrategy]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([strategyId, own]) => ({ strategyId, counts: countsOf(own) })),
    codes: [...byCode]
      .flatMap(([code, own]) => own.slice(0, 1).map(({ stage }) => ({ code, stage, count: own.length })))
      .sort((a, b) => (a.count === b.count ? (a.code < b.code ? -1 : 1) : b.count - a.count)),
  };
}

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
  readonly missed: readonly MissedTrade[];
  /** For each code: how often, and the signal that missed by the least. */
  readonly nearest: readonly { readonly code: RefusalCode; readonly count: number; readonly nearest: MissedTrade }[];
}

/** How far beyond its limit a number was, as a fraction of the limit; infinite where there is no such measure. */
function missedBy({ actual, limit }: MissedTrade): number {
  const [found, allowed] = [Number(actual ?? Number.NaN), Number(limit ?? Number.NaN)];
  return Number.isFinite(found) && Number.isFinite(allowed) && allowed !== 0
    ? Math.abs(found / allowed - 1)
    : Number.POSITIVE_INFINITY;
}

/** Explains every signal that became no order. */
export function whyNoTrade(entries: readonly FunnelEntry[]): WhyNoTrade {
  const missed = entries.flatMap((entry): readonly MissedTrade[] => {
    if (entry.outcome === 'executed') return [];
    const { signal, stage, refusal } = entry;
    const { actual = null, limit = null, wouldPassAt = null } = refusal.context;
    return [
      {
        strategyId: signal.strategyId,
        ticker: signal.ticker,
        kind: signal.kind,
        asOf: signal.asOf,
        stage,
        code: refusal.code,
        message: refusal.message,
        actual,
        limit,
        wouldPassAt,
      },
    ];
  });
  const nearest = [...groupBy(missed, ({ code }) => code)]
    .flatMap(([code, own]) => {
      const [first, ...others] = own;
      if (first === undefined) return [];
      const closest = others.reduce((best, other) => (missedBy(other) < missedBy(best) ? other : best), first);
      return [{ code, count: own.length, nearest: closest }];
    })
    .sort((a, b) => (a.count === b.count ? (a.code < b.code ? -1 : 1) : b.count - a.count));
  return { headline: headlineOf(entries.length, missed.length, nearest[0]?.code ?? null), missed, nearest };
}

function headlineOf(raw: number, missed: number, commonest: RefusalCode | null): string {
  if (raw === 0) return 'No strategy made a signal, so there was nothing to trade.';
  const orders = raw - missed;
  if (commonest === null) return `${raw} of ${raw} signals became orders.`;
  return `${orders} of ${raw} signals became orders; most of the others were refused for ${commonest}.`;
}
