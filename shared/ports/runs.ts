/** Runs of orchestrate: a slot is decided once, written down whole, and only then sent. */
import type { AnyCommand } from '#events/catalogue.ts';
import type { Fact } from '#events/envelope.ts';
import type { AccountId, RunId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { SignalRecord } from '#shared/core/signal/types.ts';

export interface RunSlot {
  readonly accountId: AccountId;
  readonly runId: RunId;
  readonly slot: EpochMs;
  readonly session: CalendarDate;
}

/** What a run decided: the commands in the order of their sending, and the facts of its funnel. */
export interface RunDecision {
  readonly commands: readonly AnyCommand[];
  readonly facts: readonly Fact[];
}

/**
 * decide: the slot is ours to decide. resend: it was decided before; send the same again. held: another start holds
 * the lease and has not decided yet. completed: all was sent.
 */
export type RunStart =
  | { readonly kind: 'decide' }
  | { readonly kind: 'resend'; readonly decision: RunDecision }
  | { readonly kind: 'held' }
  | { readonly kind: 'completed' };

export interface UnfinishedRun {
  readonly slot: RunSlot;
  readonly decision: RunDecision;
}

export interface Runs {
  /** Takes the slot's row with its lease; a lease that has run out without a decision is taken over. */
  start(
    slot: RunSlot,
    lease: { readonly holder: string; readonly until: EpochMs; readonly now: EpochMs },
  ): Promise<RunStart>;
  /** Signals that earlier runs kept back and that still wait; each run replaces them. */
  pendingSignals(accountId: AccountId): Promise<readonly SignalRecord[]>;
  /**
   * Writes the decision under the row, and with it the signals that go on waiting. False when the lease is no longer
   * ours: nothing may be sent then.
   */
  commit(slot: RunSlot, holder: string, decision: RunDecision, pending: readonly SignalRecord[]): Promise<boolean>;
  complete(slot: RunSlot): Promise<void>;
  /** Runs that were decided, whose lease is over, and of which nobody has said that all was sent; the oldest first. */
  unfinished(accountId: AccountId, now: EpochMs): Promise<readonly UnfinishedRun[]>;
}
