/** The figures of a session after its close, said once. */
import { aggregateOf, makeFact } from '#events/fact.ts';
import type { FactData } from '#events/catalogue.ts';
import { absoluteMoney, addMoney, formatMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface ReportDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly books: Books;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
}

export type SessionReport = FactData<'session.reported.v1'>;

/** Pure: the figures of a session from its books and its exposure. */
function figuresOf(
  accountId: AccountId,
  session: CalendarDate,
  books: readonly Book[],
  exposure: Exposure | null,
): SessionReport {
  const shares = books.flatMap((book) => book.shares);
  const ofSession = exposure !== null && exposure.session === session ? exposure : null;
  return {
    accountId,
    session,
    equityAtOpen: ofSession === null || ofSession.equityAtOpen === null ? null : formatMoney(ofSession.equityAtOpen),
    equity: ofSession === null || ofSession.equity === null ? null : formatMoney(ofSession.equity),
    realizedProfit: formatMoney(shares.reduce((sum, share) => addMoney(sum, share.realizedProfit), ZERO_MONEY)),
    positions: shares.filter((share) => share.quantity !== 0n).length,
    cost: formatMoney(shares.reduce((sum, share) => addMoney(sum, absoluteMoney(share.cost)), ZERO_MONEY)),
    ordersToday: ofSession?.ordersToday ?? 0,
    quarantined: books.filter((book) => book.quarantine !== null).length,
  };
}

/** @throws Fault when the books cannot be read or the journal cannot be written. */
export async function reportSession(dependencies: ReportDependencies): Promise<SessionReport> {
  const { accountId, clock, books, journal, telemetry } = dependencies;
  const session = lastCompletedSession(clock.now()).date;
  const [all, exposure] = await Promise.all([books.all(accountId), books.exposure(accountId)]);
  const figures = figuresOf(accountId, session, all, exposure);
  const place = {
    room: 'report',
    aggregateId: aggregateOf.report(accountId, session),
    sequence: 1,
    occurredAt: clock.now(),
    correlationId: `report:${session}`,
    causationId: null,
  } as const;
  await journal.append([makeFact('session.reported.v1', place, figures)]);
  telemetry.info('session reported', figures);
  return figures;
}
