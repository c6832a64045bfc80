/** How far reconciliation has come, and the report of each pass. */
import type { AccountId, BuildId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { PositionDifference } from '#shared/core/reconcile/position-differences.ts';

/** The high-water mark: all that the broker did before these instants has been seen by a whole pass. */
export interface ReconciliationMark {
  /** Orders by their submission. */
  readonly ordersSeenTo: EpochMs;
  /** Executions by their time. */
  readonly activitiesSeenTo: EpochMs;
  /** Counts writes of the mark, from 1. */
  readonly version: number;
  /** Sequence of the last report. */
  readonly sequence: number;
}

export interface ReportedDifference extends PositionDifference {
  /** What probably happened, for a person. */
  readonly cause: string;
}

export interface PassReport {
  readonly session: CalendarDate;
  readonly build: BuildId;
  readonly startedAt: EpochMs;
  /** True when everything was read, settled and compared. Only such a pass moves the mark and opens the gate. */
  readonly complete: boolean;
  readonly ordersSettled: number;
  readonly fillsBooked: number;
  readonly orphans: number;
  readonly differences: readonly ReportedDifference[];
}

export interface Reconciliations {
  /** Null before the first pass. */
  mark(accountId: AccountId): Promise<ReconciliationMark | null>;
  /**
   * Journals the report and, after a whole pass, moves the mark to the pass's start; it never moves back.
   * @throws Fault `transient` when other passes won every round
   */
  record(accountId: AccountId, report: PassReport, now: EpochMs): Promise<void>;
}
