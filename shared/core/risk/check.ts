/** What a pre-trade check sees, and what it is. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal, RefusalCode } from '#shared/core/kernel/refusal.ts';
import type { Instrument, Quote, Session } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import type { StrategySafety } from '#shared/core/safety/safety-facts.ts';

/** Facts that the sender read itself, just now. Null is a fact that is not there, and refuses where it is needed. */
export interface ClearingFacts {
  readonly intent: OrderIntent;
  readonly orderClass: OrderClass;
  readonly now: EpochMs;
  readonly policy: Policy;
  readonly strategy: StrategySafety | null;
  readonly book: Book | null;
  readonly instrument: Instrument | null;
  readonly quote: Quote | null;
  /** The session that is open now, or null when the market is closed. */
  readonly session: Session | null;
}

/**
 * One pre-trade check: a small pure function with the codes that it may answer. `applies` names the classes of order
 * that it is for; whatever only guards against more risk leaves reducing orders alone.
 */
export interface PreTradeCheck {
  readonly name: string;
  readonly codes: readonly RefusalCode[];
  readonly applies: readonly OrderClass[];
  readonly run: (facts: ClearingFacts) => Refusal | null;
}

export const ALL_CLASSES: readonly OrderClass[] = ['entry', 'reducing', 'flatten'];
export const ENTRIES_ONLY: readonly OrderClass[] = ['entry'];
