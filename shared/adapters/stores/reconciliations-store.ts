/** Marks and reports of reconciliation over the tables. */
import type { FactData } from '#events/catalogue.ts';
import type { Fact, Room } from '#events/envelope.ts';
import { aggregateOf, type FactPlace, makeFact } from '#events/fact.ts';
import { journalPuts } from '#shared/adapters/stores/journal-item.ts';
import { markKey, RECONCILIATION_MARK, sessionKey } from '#shared/adapters/stores/keys.ts';
import {
  markAttributes,
  nothingSeen,
  readMark,
  readSession,
  sessionFiguresItem,
} from '#shared/adapters/stores/reconciliation-item.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { whole } from '#shared/adapters/stores/attributes.ts';
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import type { ProfitSum } from '#shared/core/reconcile/profit.ts';
import type { SessionPerformance } from '#shared/core/reconcile/session-performance.ts';
import type {
  AskedPass,
  MarkChange,
  PassReport,
  ReconciliationMark,
  Reconciliations,
} from '#shared/ports/reconciliations.ts';
import type { Tables } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;

function reportData(accountId: AccountId, report: PassReport): FactData<'reconciliation.checked.v1'> {
  const { figures } = report;
  return {
    accountId,
    session: report.session,
    build: report.build,
    startedAt: formatEpochMs(report.startedAt),
    complete: report.complete,
    ordersSettled: report.ordersSettled,
    fillsBooked: report.fillsBooked,
    orphans: report.orphans,
    mismatches: report.differences.map((difference) => ({
      symbol: difference.ticker,
      ours: formatQuantity(difference.ours),
      broker: formatQuantity(difference.broker),
      cause: difference.cause,
    })),
    failure: report.failure,
    forcedBy: report.forcedBy,
    figures:
      figures === null
        ? null
        : {
            cash: formatMoney(figures.cash),
            expectedCash: formatMoney(figures.expectedCash),
            equity: formatMoney(figures.equity),
            realizedProfit: formatMoney(figures.realizedProfit),
            unrealizedProfit: formatMoney(figures.unrealizedProfit),
            positions: figures.positions.map((held) => ({
              symbol: held.ticker,
              quantity: formatQuantity(held.quantity),
            })),
          },
    missing: [...report.missing],
    unknownLong: [...report.unknownLong],
    violations: report.violations.map(({ invariant, subject, what }) => ({
      invariant,
      subject: subject.slice(0, 96),
      what: what.slice(0, 2000),
    })),
    quarantined: [...report.quarantined],
    requests: report.requests,
    answers: [...report.answers],
  };
}

const profitData = ({ realized, unrealized, unvalued }: ProfitSum) => ({
  realizedProfit: formatMoney(realized),
  unrealizedProfit: formatMoney(unrealized),
  unvalued,
});

const closedData = (
  accountId: AccountId,
  session: CalendarDate,
  closed: SessionPerformance,
): FactData<'session.closed.v1'> => ({
  accountId,
  session,
  equityStart: formatMoney(closed.equityStart),
  equityEnd: formatMoney(closed.equityEnd),
  cashStart: formatMoney(closed.cashStart),
  cashEnd: formatMoney(closed.cashEnd),
  realizedProfit: formatMoney(closed.realizedProfit),
  unrealizedProfit: formatMoney(closed.unrealizedProfit),
  unvalued: closed.unvalued,
  slippage: formatMoney(closed.slippage),
  fees: formatMoney(closed.fees),
  strategies: closed.strategies.map((strategy) => ({
    strategyId: strategy.strategyId,
    ...profitData(strategy),
    slippage: formatMoney(strategy.slippage),
  })),
  symbols: closed.symbols.map((symbol) => ({ symbol: symbol.ticker, ...profitData(symbol) })),
});

/** What is left of a request of which a part was done. */
function leftOf(asked: AskedPass, { backfilled }: MarkChange): AskedPass {
  if (asked.backfill === null || backfilled === null || backfilled.requestId !== asked.requestId) return asked;
  return { ...asked, backfill: { ...asked.backfill, after: backfilled.after } };
}

/** The mark after a pass: up to the pass's start when it was whole, and never back. */
function markAfter(known: ReconciliationMark, report: PassReport, change: MarkChange): ReconciliationMark {
  const seenTo = (mark: EpochMs): EpochMs => (report.complete && report.startedAt > mark ? report.startedAt : mark);
  return {
    ...known,
    ordersSeenTo: seenTo(known.ordersSeenTo),
    activitiesSeenTo: seenTo(known.activitiesSeenTo),
    progress: change.progress,
    cashBase: change.cashBase ?? known.cashBase,
    splitsCheckedOn: change.splitsCheckedOn ?? known.splitsCheckedOn,
    decisions: known.decisions.filter(({ brokerOrderId }) => !change.carriedOut.includes(brokerOrderId)),
    givenUp: known.givenUp.filter(({ clientOrderId }) => !change.endedGivenUp.includes(clientOrderId)),
    opening: known.opening.filter(({ ticker }) => !change.opened.includes(ticker)),
    asked: known.asked.filter(({ requestId }) => !report.answers.includes(requestId)).map((one) => leftOf(one, change)),
  };
}

class ReconciliationsStore implements Reconciliations {
  readonly #tables: Tables;
  readonly #room: Room;

  constructor(tables: Tables, room: Room) {
    this.#tables = tables;
    this.#room = room;
  }

  async mark(accountId: AccountId): Promise<ReconciliationMark | null> {
    const item = await this.#tables.get('books', markKey(accountId, RECONCILIATION_MARK));
    return item === null ? null : readMark(item);
  }

  async record(
    accountId: AccountId,
    seen: ReconciliationMark | null,
    report: PassReport,
    change: MarkChange,
    now: EpochMs,
  ): Promise<void> {
    const { closes } = change;
    const correlationId = `reconcile:${accountId}:${report.startedAt}`;
    await this.#swap(accountId, { seen, bookedFrom: change.bookedFrom, now, correlationId }, (known, placeAt) => ({
      next: markAfter(known, report, change),
      facts: [
        makeFact('reconciliation.checked.v1', placeAt(1), reportData(accountId, report)),
        ...(closes === undefined
          ? []
          : [makeFact('session.closed.v1', placeAt(2), closedData(accountId, report.session, closes))]),
      ],
    }));
  }

  async force(accountId: AccountId, forcing: Parameters<Reconciliations['force']>[1]): Promise<void> {
    const { until, by, reason, now, session, build } = forcing;
    const at = { seen: await this.mark(accountId), bookedFrom: now, now, correlationId: `force:${accountId}:${now}` };
    await this.#swap(accountId, at, (known, placeAt) => ({
      next: { ...known, forcing: { until, by, reason } },
      facts: [
        makeFact('reconciliation.forced.v1', placeAt(1), {
          accountId,
          until: formatEpochMs(until),
          by,
          reason: { code: 'operator', message: reason, context: {} },
        }),
      ],
    }));
    // Said first, opened then: a gate that a person opened is never open without a trace.
    await safetyStore(this.#tables, this.#room).recordPass(accountId, { startedAt: now, session, build });
  }

  async ask(accountId: AccountId, wanted: Parameters<Reconciliations['ask']>[1]): Promise<void> {
    const { requestId, backfill, by, reason, now } = wanted;
    const at = { seen: await this.mark(accountId), bookedFrom: now, now, correlationId: requestId };
    await this.#swap(accountId, at, (known, placeAt) =>
      known.asked.some((other) => other.requestId === requestId)
        ? null
        : {
            next: { ...known, asked: [...known.asked, { requestId, backfill }] },
            facts: [
              makeFact('reconciliation.requested.v1', placeAt(1), {
                accountId,
                requestId,
                backfill:
                  backfill === null
                    ? null
                    : { after: formatEpochMs(backfill.after), until: formatEpochMs(backfill.until) },
                by,
                reason: { code: 'operator', message: reason, context: {} },
              }),
            ],
          },
    );
  }

  async decide(accountId: AccountId, decided: Parameters<Reconciliations['decide']>[1]): Promise<void> {
    const { brokerOrderId, decision, by, reason, now } = decided;
    const correlationId = `orphan:${brokerOrderId}`.slice(0, 96);
    const at = { seen: await this.mark(accountId), bookedFrom: now, now, correlationId };
    await this.#swap(accountId, at, (known, placeAt) => ({
      next: {
        ...known,
        decisions: [
          ...known.decisions.filter((other) => other.brokerOrderId !== brokerOrderId),
          { brokerOrderId, decision },
        ],
      },
      facts: [
        makeFact('orphan.decided.v1', placeAt(1), {
          accountId,
          brokerOrderId,
          decision,
          by,
          reason: { code: 'operator', message: reason, context: {} },
        }),
      ],
    }));
  }

  async giveUp(accountId: AccountId, given: Parameters<Reconciliations['giveUp']>[1]): Promise<void> {
    const { clientOrderId, by, reason, now } = given;
    const at = { seen: await this.mark(accountId), bookedFrom: now, now, correlationId: `give-up:${clientOrderId}` };
    await this.#swap(accountId, at, (known, placeAt) => ({
      next: {
        ...known,
        givenUp: [...known.givenUp.filter((other) => other.clientOrderId !== clientOrderId), { clientOrderId, by }],
      },
      facts: [
        makeFact('order.give-up-asked.v1', placeAt(1), {
          accountId,
          clientOrderId,
          by,
          reason: { code: 'operator', message: reason, context: {} },
        }),
      ],
    }));
  }

  async session(accountId: AccountId, session: Parameters<Reconciliations['session']>[1]) {
    const item = await this.#tables.get('books', sessionKey(accountId, session));
    return item === null ? null : readSession(item);
  }

  async keepSession(...[accountId, session, figures]: Parameters<Reconciliations['keepSession']>): Promise<void> {
    const value = sessionFiguresItem(figures);
    await this.#tables.write({
      kind: 'update',
      table: 'books',
      key: sessionKey(accountId, session),
      set: { start: value },
      // Begun before: the start stands, whatever a later pass finds.
      conditions: [{ name: 'session-absent', test: { op: 'absent' } }],
    });
    if (!figures.ended) return;
    await this.#tables.write({
      kind: 'update',
      table: 'books',
      key: sessionKey(accountId, session),
      set: { end: value },
      conditions: [],
    });
  }

  /** Writes the next mark with its facts, anew on what is there whenever another writer was first; null leaves it. */
  async #swap(
    accountId: AccountId,
    at: {
      readonly seen: ReconciliationMark | null;
      readonly bookedFrom: EpochMs;
      readonly now: EpochMs;
      readonly correlationId: string;
    },
    change: (
      known: ReconciliationMark,
      placeAt: (number: number) => FactPlace,
    ) => { readonly next: ReconciliationMark; readonly facts: readonly Fact[] } | null,
  ): Promise<void> {
    let { seen } = at;
    for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
      if (round > 0) seen = await this.mark(accountId);
      const known = seen ?? nothingSeen(at.bookedFrom);
      const wanted = change(known, (number) => ({
        room: this.#room,
        aggregateId: aggregateOf.reconciliation(accountId),
        sequence: known.sequence + number,
        occurredAt: at.now,
        correlationId: at.correlationId,
        causationId: null,
      }));
      if (wanted === null) return;
      const { next, facts } = wanted;
      const outcome = await this.#tables.transact([
        {
          kind: 'update',
          table: 'books',
          key: markKey(accountId, RECONCILIATION_MARK),
          set: markAttributes({ ...next, version: known.version + 1, sequence: known.sequence + facts.length }),
          conditions: [asSeen(seen)],
        },
        ...journalPuts(facts),
      ]);
      if (outcome.ok) return;
    }
    throw new Fault('transient', 'mark-contended', `other passes over ${accountId} won every round`);
  }
}

const asSeen = (seen: ReconciliationMark | null): Condition =>
  seen === null
    ? { name: 'mark-absent', test: { op: 'absent' } }
    : { name: 'mark-version-changed', test: { op: 'equals', attribute: 'version', value: whole(seen.version) } };

/** @param room names who speaks in the facts. */
export const reconciliationsStore = (tables: Tables, room: Room): Reconciliations =>
  new ReconciliationsStore(tables, room);
