/** How far reconciliation has come, what people decided about it, and the report of each pass. */
import type { Money, Quantity } from '#shared/core/kernel/decimal.ts';
import type { AccountId, BrokerOrderId, BuildId, ClientOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { CashBase } from '#shared/core/reconcile/cash.ts';
import type { TimeSpan } from '#shared/core/reconcile/gaps.ts';
import type { Violation } from '#shared/core/reconcile/invariants.ts';
import type { OpeningPosition } from '#shared/core/reconcile/opening.ts';
import type { PositionDifference } from '#shared/core/reconcile/position-differences.ts';
import type { SessionPerformance } from '#shared/core/reconcile/session-performance.ts';

/** A pass that did not come to its end in its time: the next one goes on from here. */
export interface PassProgress {
  /** When the pass began that is not over. */
  readonly startedAt: EpochMs;
  readonly session: CalendarDate;
  readonly build: BuildId;
  /** Orders up to this id have been looked up; null when it did not come to that. */
  readonly lookedUpTo: ClientOrderId | null;
}

/** What a person asked of reconciliation, until a whole pass has answered it. */
export interface AskedPass {
  /** Names the request: asked twice under one id, it is asked once. */
  readonly requestId: string;
  /** Where executions are still to be read again, both ends exclusive; null for a pass alone. */
  readonly backfill: TimeSpan | null;
}

/** A person's word that opens the gate for a while, whatever the passes find. */
export interface Forcing {
  readonly until: EpochMs;
  readonly by: string;
  readonly reason: string;
}

export const ORPHAN_DECISIONS = ['adopt', 'cancel', 'dismiss'] as const;
export interface OrphanDecision {
  readonly brokerOrderId: BrokerOrderId;
  readonly decision: (typeof ORPHAN_DECISIONS)[number];
}

export interface GivenUp {
  readonly clientOrderId: ClientOrderId;
  readonly by: string;
}

/** The high-water mark: all that the broker did before these instants has been seen by a whole pass. */
export interface ReconciliationMark {
  /** Orders by their submission; 0 before the first whole pass. */
  readonly ordersSeenTo: EpochMs;
  /** Executions by their time; 0 before the first whole pass. */
  readonly activitiesSeenTo: EpochMs;
  /** When the account's books were opened: executions of others before are part of what it held then. */
  readonly bookedFrom: EpochMs;
  readonly cashBase: CashBase | null;
  /** The session whose first prices were held against the closes before. */
  readonly splitsCheckedOn: CalendarDate | null;
  readonly progress: PassProgress | null;
  readonly forcing: Forcing | null;
  /** Decided by a person and not carried out yet. */
  readonly decisions: readonly OrphanDecision[];
  /** Orders of unknown fate that a person gave up, and who; a pass that looks for one in vain ends it. */
  readonly givenUp: readonly GivenUp[];
  /** What the account held when its books were opened, as far as no book shows it yet. */
  readonly opening: readonly OpeningPosition[];
  /** Who opened the books; null where nobody did. */
  readonly openedBy: string | null;
  /** Asked by a person and not answered yet, the oldest first. */
  readonly asked: readonly AskedPass[];
  /** Counts writes of the mark, from 1. */
  readonly version: number;
  /** Sequence of the last report or decision. */
  readonly sequence: number;
}

export interface ReportedDifference extends PositionDifference {
  /** What probably happened, for a person. */
  readonly cause: string;
}

export interface PassFigures {
  readonly cash: Money;
  readonly expectedCash: Money;
  readonly equity: Money;
  readonly realizedProfit: Money;
  readonly unrealizedProfit: Money;
  readonly positions: readonly { readonly ticker: Ticker; readonly quantity: Quantity }[];
}

export interface PassReport {
  readonly session: CalendarDate;
  readonly build: BuildId;
  readonly startedAt: EpochMs;
  /** True when everything was read, settled and compared. Only such a pass moves the mark and opens the gate. */
  readonly complete: boolean;
  /** Code of the fault that ended the pass. */
  readonly failure: string | null;
  readonly forcedBy: string | null;
  readonly ordersSettled: number;
  readonly fillsBooked: number;
  readonly orphans: number;
  readonly differences: readonly ReportedDifference[];
  readonly figures: PassFigures | null;
  readonly missing: readonly ClientOrderId[];
  readonly unknownLong: readonly ClientOrderId[];
  readonly violations: readonly Violation[];
  readonly quarantined: readonly Ticker[];
  readonly requests: number;
  /** Requests of people that this pass answers. */
  readonly answers: readonly string[];
}

/** What a pass leaves behind beside its report; what is not given stays. */
export interface MarkChange {
  readonly progress: PassProgress | null;
  readonly bookedFrom: EpochMs;
  readonly cashBase?: CashBase;
  readonly splitsCheckedOn?: CalendarDate;
  /** Given by the pass that closes the session; journaled beside the report. */
  readonly closes?: SessionPerformance;
  /** Orders that are ended, or whose fate is known after all. */
  readonly endedGivenUp: readonly ClientOrderId[];
  /** Opening positions that the books now show. */
  readonly opened: readonly Ticker[];
  /** Decisions that were carried out. */
  readonly carriedOut: readonly BrokerOrderId[];
  /** A part of a backfill that was read and settled: what is left of it begins there. */
  readonly backfilled: { readonly requestId: string; readonly after: EpochMs } | null;
}

/** The account at the start and at the end of a session. */
export interface SessionFigures {
  readonly at: EpochMs;
  readonly figures: PassFigures;
}

export interface SessionRecord {
  readonly start: SessionFigures;
  /** The last pass after the close; null before. */
  readonly end: SessionFigures | null;
}

export interface Reconciliations {
  /** Made by `belay init`; null where neither that nor a pass has been. */
  mark(accountId: AccountId): Promise<ReconciliationMark | null>;
  /**
   * Journals the report and writes the mark. After a whole pass the mark moves up to the pass's start; it never moves
   * back.
   * @param seen the mark as the pass read it; read anew when another pass was first
   * @throws Fault `transient` when other passes won every round
   */
  record(
    accountId: AccountId,
    seen: ReconciliationMark | null,
    report: PassReport,
    change: MarkChange,
    now: EpochMs,
  ): Promise<void>;
  /** Opens the gate at once and keeps it open until then: each pass until then opens it, whatever it finds. */
  force(
    accountId: AccountId,
    forcing: Forcing & { readonly now: EpochMs; readonly session: CalendarDate; readonly build: BuildId },
  ): Promise<void>;
  /**
   * Asks for a pass, which the fact that says so wakes; with a backfill it also reads the executions of that span again
   * and books those that are missing. Asked for again under the same id, nothing is asked.
   * @throws Fault `transient` when other writers of the mark won every round
   */
  ask(
    accountId: AccountId,
    asked: AskedPass & { readonly by: string; readonly reason: string; readonly now: EpochMs },
  ): Promise<void>;
  /** What becomes of an orphan; the next pass carries it out. */
  decide(
    accountId: AccountId,
    decision: OrphanDecision & { readonly by: string; readonly reason: string; readonly now: EpochMs },
  ): Promise<void>;
  /** A person gives up an order of unknown fate; the next pass that looks for it in vain ends it. */
  giveUp(accountId: AccountId, givenUp: GivenUp & { readonly reason: string; readonly now: EpochMs }): Promise<void>;
  session(accountId: AccountId, session: CalendarDate): Promise<SessionRecord | null>;
  /** The first figures of a session stay its start; later ones with `ended` are its end. */
  keepSession(
    accountId: AccountId,
    session: CalendarDate,
    figures: SessionFigures & { readonly ended: boolean },
  ): Promise<void>;
}
