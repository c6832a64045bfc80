/** What a strategy says, what it may look at when it says it, and what became of it. */
import { contentId } from '#shared/core/kernel/hash.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';

/** Why a strategy made a signal: a stable code, a sentence for a person, and the numbers it looked at. */
export interface SignalReason {
  /** kebab-case, such as "crossed-up". */
  readonly code: string;
  readonly text: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** A strategy's wish to open or to close a position, from the bars up to and including one completed session. */
export interface Signal {
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  readonly kind: 'entry' | 'exit';
  readonly side: 'buy' | 'sell';
  /** 0 to 1; ranks signals against each other, and is no probability unless the strategy says so. */
  readonly confidence: number;
  readonly reason: SignalReason;
  /** Close of the as-of session. A statistic: made into a price only through `quantize`. */
  readonly price: number;
  /** Average true range (Wilder, 14 sessions) at the as-of session, in the same unit as the price. */
  readonly atr: number;
  /** The session whose bar was the last that the strategy saw. */
  readonly asOf: CalendarDate;
  /** The version of the model that said so; null where none was asked. */
  readonly modelVersion: string | null;
}

/** One signal's name: the same strategy, symbol, kind, side and session give the same id for ever. */
export const signalId = ({ strategyId, ticker, kind, side, asOf }: Signal): string =>
  contentId({ strategyId, ticker, kind, side, asOf }, 26);

/**
 * What became of a signal. `pending` is tried again in the next sessions; the others are ends.
 * executed: an order was committed. refused: no order, for a reason that another try cannot mend. expired: it was
 * pending for as long as a signal may be.
 */
export type SignalState = 'pending' | 'executed' | 'refused' | 'expired';

/** A signal with its state, why it is in it and since when. */
export interface SignalRecord {
  readonly id: string;
  readonly signal: Signal;
  readonly state: SignalState;
  /** What kept it from being executed, last time it was looked at; null when nothing did. */
  readonly blockedBy: Refusal | null;
  /** Decisions that have looked at it. */
  readonly attempts: number;
  /** Last session whose decision may still execute it. */
  readonly expiresOn: CalendarDate;
  /** When it came into this state. */
  readonly at: EpochMs;
}

/** A position of the strategy's own, as it needs it for its exit rules. */
export interface OpenPosition {
  readonly ticker: Ticker;
  readonly side: 'long' | 'short';
  /** Session of the first execution. */
  readonly entryDate: CalendarDate;
  /** Average entry price. */
  readonly entryPrice: number;
}
