/**
 * Signals that a limit kept back. They wait and are decided on again with each session, until they are executed, a
 * reason that waiting cannot mend comes up, or their time is over.
 */
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import { sessionAfter } from '#shared/core/market/session-calendar.ts';
import { type Signal, type SignalRecord, signalId } from '#shared/core/signal/types.ts';

const PENDING_SESSIONS = 3;

/** Reasons that another session may mend: limits that others draw on, states that pass, facts that were missing. */
const MENDED_BY_WAITING: ReadonlySet<RefusalCode> = new Set([
  'regime-crisis',
  'regime-breakouts-off',
  'volatility-missing',
  'correlation-too-high',
  'portfolio-heat',
  'daily-loss',
  'strategy-cash',
  'top-n-cutoff',
  'position-limit',
  'gross-exposure',
  'net-exposure',
  'single-name-exposure',
  'cash-insufficient',
  'cash-target',
  'buying-power-insufficient',
  'orders-open-limit',
  'orders-per-cycle-limit',
  'orders-per-day-limit',
  'notional-per-cycle-limit',
  'submit-rate-limit',
  'opposing-order',
  'replaced-order-open',
  'symbol-cooldown',
  'spread-too-wide',
  'quote-stale',
  'quote-missing',
  'price-outside-collar',
  'exit-in-progress',
  'symbol-quarantined',
  'symbol-has-unknown-order',
  'kill-switch-engaged',
  'breaker-tripped',
  'quiet-period',
  'reducing-only',
  'reconciliation-stale',
  'calendar-differs',
]);

export const mendedByWaiting = (code: RefusalCode): boolean => MENDED_BY_WAITING.has(code);

/** The last session in which a signal made as of a session may still be executed: the third after it. */
export function expiryOf(asOf: CalendarDate, sessions: number = PENDING_SESSIONS): CalendarDate {
  let date = asOf;
  for (let step = 0; step < sessions; step += 1) date = sessionAfter(date).date;
  return date;
}

/** A signal that nobody has decided on yet. */
export const freshRecord = (
  signal: Signal,
  now: EpochMs,
  expiresOn: CalendarDate = expiryOf(signal.asOf),
): SignalRecord => ({
  id: signalId(signal),
  signal,
  state: 'pending',
  blockedBy: null,
  attempts: 0,
  expiresOn,
  at: now,
});

/** How one decision on a signal ended: executed (null) or refused. */
export type SignalOutcome = { readonly refusal: Refusal | null };

/**
 * A record after one more decision. An entry that was kept back for a reason that may pass stays pending while a later
 * session may still execute it. Exits are not kept: their strategy says them again with each session.
 * @param session in which the decision was made.
 */
export function decidedRecord(
  record: SignalRecord,
  outcome: SignalOutcome,
  session: CalendarDate,
  now: EpochMs,
): SignalRecord {
  const attempts = record.attempts + 1;
  const blockedBy = outcome.refusal;
  if (blockedBy === null) return { ...record, state: 'executed', blockedBy, attempts, at: now };
  const mayPass = record.signal.kind === 'entry' && mendedByWaiting(blockedBy.code);
  const state = !mayPass ? 'refused' : session < record.expiresOn ? 'pending' : 'expired';
  return { ...record, state, blockedBy, attempts, at: state === record.state ? record.at : now };
}

/** Pending signals that a session may still execute, and those whose time is over. */
export function duePending(
  records: readonly SignalRecord[],
  session: CalendarDate,
  now: EpochMs,
): { readonly due: readonly SignalRecord[]; readonly expired: readonly SignalRecord[] } {
  const pending = records.filter((record) => record.state === 'pending');
  return {
    due: pending.filter((record) => session <= record.expiresOn),
    expired: pending
      .filter((record) => session > record.expiresOn)
      .map((record) => ({
        ...record,
        state: 'expired',
        blockedBy: record.blockedBy ?? expiredRefusal(record),
        at: now,
      })),
  };
}

const expiredRefusal = ({ signal, expiresOn }: SignalRecord): Refusal =>
  refusal('pending-expired', `the signal on ${signal.ticker} as of ${signal.asOf} was not decided on by ${expiresOn}`, {
    asOf: signal.asOf,
    expiresOn,
  });
