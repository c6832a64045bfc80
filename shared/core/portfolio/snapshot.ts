/** Everything that a decision may look at, and everything that comes out of it. */
import type { Money } from '#shared/core/kernel/decimal.ts';
import type {
  AccountId,
  ClientOrderId,
  CorrelationId,
  RunId,
  StrategyId,
  Ticker,
} from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal, RefusalStage } from '#shared/core/kernel/refusal.ts';
import type { Instrument, Quote } from '#shared/core/market/types.ts';
import type { VolatilityReading } from '#shared/core/market/volatility.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Correlations } from '#shared/core/portfolio/correlation-filter.ts';
import type { ActiveModel } from '#shared/core/signal/model/walk-forward.ts';
import type { EntryClass } from '#shared/core/signal/strategy.ts';
import type { Signal, SignalRecord } from '#shared/core/signal/types.ts';

/** The world at one moment. Two equal snapshots under equal policies give equal decisions. */
export interface Snapshot {
  readonly accountId: AccountId;
  readonly runId: RunId;
  readonly correlationId: CorrelationId;
  /** The session in which the orders are to be placed. */
  readonly session: CalendarDate;
  /** The last completed session: signals must be as of it. */
  readonly signalSession: CalendarDate;
  readonly now: EpochMs;
  /** What strategies said as of the last completed session. */
  readonly signals: readonly Signal[];
  /** What kind of bet each strategy's entries are. One that is missing counts as a breakout: switched off first. */
  readonly entryClasses: ReadonlyMap<StrategyId, EntryClass>;
  /** The version that each strategy trades by at this moment, of those that trade by a model and have one. */
  readonly models: ReadonlyMap<StrategyId, ActiveModel>;
  /** Entries of earlier sessions that a limit kept back. */
  readonly pending: readonly SignalRecord[];
  /** Which safety gate is shut for each kind of order, or null: asked once, before anything is decided. */
  readonly gates: Readonly<Record<Signal['kind'], Refusal | null>>;
  /** One for each symbol that has ever been held or ordered; the rest count as empty. */
  readonly books: ReadonlyMap<Ticker, Book>;
  readonly quotes: ReadonlyMap<Ticker, Quote>;
  readonly instruments: ReadonlyMap<Ticker, Instrument>;
  readonly equity: Money;
  readonly cash: Money;
  /** Equity when the session began; null where nobody has measured it. */
  readonly equityAtOpen: Money | null;
  /** Of the last completed session; null lets nothing be entered. */
  readonly volatility: VolatilityReading | null;
  /** As of the last completed session. */
  readonly correlations: Correlations;
}

/** How one signal ended in this run. */
export type FunnelEntry =
  | { readonly signal: Signal; readonly outcome: 'executed'; readonly clientOrderId: ClientOrderId }
  | {
      readonly signal: Signal;
      readonly outcome: 'refused';
      readonly stage: RefusalStage;
      readonly refusal: Refusal;
    };

/** Law: one funnel entry and one record for each signal, fresh or pending; one intent for each executed entry. */
export interface Decision {
  readonly intents: readonly OrderIntent[];
  readonly funnel: readonly FunnelEntry[];
  /** What became of each signal; those that stay `pending` belong to the next session's snapshot. */
  readonly records: readonly SignalRecord[];
}
