/** What one pass stands on, and what it has come to so far. */
import type { AccountId, BrokerOrderId, BuildId, ClientOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { Violation } from '#shared/core/reconcile/invariants.ts';
import type { Adjustments } from '#shared/ports/adjustments.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { AskedPass, ReconciliationMark, Reconciliations } from '#shared/ports/reconciliations.ts';
import type { AccountSafety, GlobalSafety } from '#shared/core/safety/safety-facts.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { CountedBroker, PassBroker } from './counted-broker.ts';
import type { PassMemory } from './pass-memory.ts';
import type { NewsWindow } from './read-broker.ts';

export interface ReconcileDependencies {
  readonly accountId: AccountId;
  readonly build: BuildId;
  /** Nothing is booked and nothing is sent: the pass only compares. */
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly broker: PassBroker;
  readonly orders: Orders;
  readonly orphans: Orphans;
  readonly books: Books;
  readonly adjustments: Adjustments;
  readonly journal: Journal;
  readonly marketStore: Pick<MarketStore, 'loadBars' | 'loadQuotes'>;
  readonly policies: Policies;
  readonly safety: Safety;
  readonly reconciliations: Reconciliations;
  readonly memory: PassMemory;
  readonly telemetry: Telemetry;
}

/** What a pass has done and found. */
export interface Tally {
  ordersSettled: number;
  fillsBooked: number;
  orphans: number;
  readonly missing: Set<ClientOrderId>;
  readonly unknownLong: Set<ClientOrderId>;
  readonly foreignSymbols: Set<Ticker>;
  readonly violations: Violation[];
  readonly opened: Ticker[];
  readonly carriedOut: BrokerOrderId[];
  /** The part of a backfill that was read and settled; null before. */
  backfilled: BackfilledPart | null;
}

export interface BackfilledPart {
  readonly requestId: string;
  /** What is left of the span begins there; null when all of it is done. */
  readonly goesOnAfter: EpochMs | null;
}

/** One pass under way. */
export interface Pass extends Omit<ReconcileDependencies, 'broker'> {
  readonly broker: CountedBroker;
  /** Of a pass that goes on, when it began. */
  readonly startedAt: EpochMs;
  readonly session: Session;
  /** False on a day without a session, when a person asked for the pass: it opens no gate. */
  readonly inSession: boolean;
  /** What people asked for when the pass began. */
  readonly asked: readonly AskedPass[];
  readonly policy: Policy;
  readonly mark: ReconciliationMark | null;
  readonly bookedFrom: EpochMs;
  readonly global: GlobalSafety | null;
  readonly account: AccountSafety | null;
  readonly window: NewsWindow;
  readonly correlationId: string;
  /** True while there is time for one more step. */
  readonly hasTime: () => boolean;
  readonly tally: Tally;
}

export const newTally = (): Tally => ({
  ordersSettled: 0,
  fillsBooked: 0,
  orphans: 0,
  missing: new Set(),
  unknownLong: new Set(),
  foreignSymbols: new Set(),
  violations: [],
  opened: [],
  carriedOut: [],
  backfilled: null,
});
