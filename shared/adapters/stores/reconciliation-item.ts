/** The mark of reconciliation and the figures of a session, as items. */
import { ItemReader, list, map, money, quantity, text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { brokerOrderId, buildId, clientOrderIdOf, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import {
  ORPHAN_DECISIONS,
  type PassFigures,
  type ReconciliationMark,
  type SessionFigures,
  type SessionRecord,
} from '#shared/ports/reconciliations.ts';

const NULL: ItemValue = { NULL: true };
const orNull = <T>(value: T | null, write: (value: T) => ItemValue): ItemValue =>
  value === null ? NULL : write(value);

/** Where an account stands that no pass has looked at. */
export const nothingSeen = (bookedFrom: EpochMs): ReconciliationMark => ({
  ordersSeenTo: epochMs(0),
  activitiesSeenTo: epochMs(0),
  bookedFrom,
  cashBase: null,
  splitsCheckedOn: null,
  progress: null,
  forcing: null,
  decisions: [],
  givenUp: [],
  opening: [],
  openedBy: null,
  asked: [],
  version: 0,
  sequence: 0,
});

/** All attributes but the keys. */
export const markAttributes = (mark: ReconciliationMark): Item => ({
  ordersSeenTo: whole(mark.ordersSeenTo),
  activitiesSeenTo: whole(mark.activitiesSeenTo),
  bookedFrom: whole(mark.bookedFrom),
  cashBase: orNull(mark.cashBase, ({ cash, paid, adjusted }) =>
    map({ cash: money(cash), paid: money(paid), adjusted: money(adjusted) }),
  ),
  splitsCheckedOn: textOrNull(mark.splitsCheckedOn),
  progress: orNull(mark.progress, ({ startedAt, session, build, lookedUpTo }) =>
    map({
      startedAt: whole(startedAt),
      session: text(session),
      build: text(build),
      lookedUpTo: textOrNull(lookedUpTo),
    }),
  ),
  forcing: orNull(mark.forcing, ({ until, by, reason }) =>
    map({ until: whole(until), by: text(by), reason: text(reason) }),
  ),
  decisions: list(
    mark.decisions.map((decided) =>
      map({ brokerOrderId: text(decided.brokerOrderId), decision: text(decided.decision) }),
    ),
  ),
  asked: list(
    mark.asked.map(({ requestId, backfill }) =>
      map({
        requestId: text(requestId),
        backfill: orNull(backfill, ({ after, until }) => map({ after: whole(after), until: whole(until) })),
      }),
    ),
  ),
  givenUp: list(mark.givenUp.map(({ clientOrderId, by }) => map({ clientOrderId: text(clientOrderId), by: text(by) }))),
  opening: list(
    mark.opening.map((held) =>
      map({ ticker: text(held.ticker), quantity: quantity(held.quantity), cost: money(held.cost) }),
    ),
  ),
  openedBy: textOrNull(mark.openedBy),
  version: whole(mark.version),
  sequence: whole(mark.sequence),
});

/** @throws Fault `permanent` item-corrupt, naming the attribute. */
export function readMark(item: Item): ReconciliationMark {
  const reader = new ItemReader(item, 'reconciliation mark');
  return {
    ordersSeenTo: reader.instant('ordersSeenTo'),
    activitiesSeenTo: reader.instant('activitiesSeenTo'),
    bookedFrom: reader.instant('bookedFrom'),
    cashBase: reader.orNull('cashBase', (name) => {
      const base = reader.nested(name);
      return { cash: base.money('cash'), paid: base.money('paid'), adjusted: base.money('adjusted') };
    }),
    splitsCheckedOn: reader.orNull('splitsCheckedOn', (name) => reader.named(name, calendarDate)),
    progress: reader.orNull('progress', (name) => {
      const progress = reader.nested(name);
      return {
        startedAt: progress.instant('startedAt'),
        session: progress.named('session', calendarDate),
        build: progress.named('build', buildId),
        lookedUpTo: progress.orNull('lookedUpTo', (id) => progress.named(id, clientOrderIdOf)),
      };
    }),
    forcing: reader.orNull('forcing', (name) => {
      const forcing = reader.nested(name);
      return { until: forcing.instant('until'), by: forcing.text('by'), reason: forcing.text('reason') };
    }),
    decisions: reader.items('decisions').map((decided) => ({
      brokerOrderId: decided.named('brokerOrderId', brokerOrderId),
      decision: decided.oneOf('decision', ORPHAN_DECISIONS),
    })),
    // A mark of an earlier build has none of the next four.
    givenUp: (reader.has('givenUp') ? reader.items('givenUp') : []).map((one) => ({
      clientOrderId: one.named('clientOrderId', clientOrderIdOf),
      by: one.text('by'),
    })),
    opening: (reader.has('opening') ? reader.items('opening') : []).map((held) => ({
      ticker: held.named('ticker', ticker),
      quantity: held.quantity('quantity'),
      cost: held.money('cost'),
    })),
    openedBy: reader.has('openedBy') ? reader.orNull('openedBy', (name) => reader.text(name)) : null,
    asked: (reader.has('asked') ? reader.items('asked') : []).map((asked) => ({
      requestId: asked.text('requestId'),
      backfill: asked.orNull('backfill', (name) => {
        const span = asked.nested(name);
        return { after: span.instant('after'), until: span.instant('until') };
      }),
    })),
    version: reader.whole('version'),
    sequence: reader.whole('sequence'),
  };
}

const figuresItem = (figures: PassFigures): ItemValue =>
  map({
    cash: money(figures.cash),
    expectedCash: money(figures.expectedCash),
    equity: money(figures.equity),
    realizedProfit: money(figures.realizedProfit),
    unrealizedProfit: money(figures.unrealizedProfit),
    positions: list(
      figures.positions.map((held) => map({ ticker: text(held.ticker), quantity: quantity(held.quantity) })),
    ),
  });

const readFigures = (reader: ItemReader): PassFigures => ({
  cash: reader.money('cash'),
  expectedCash: reader.money('expectedCash'),
  equity: reader.money('equity'),
  realizedProfit: reader.money('realizedProfit'),
  unrealizedProfit: reader.money('unrealizedProfit'),
  positions: reader.items('positions').map((held) => ({
    ticker: held.named('ticker', ticker),
    quantity: held.quantity('quantity'),
  })),
});

export const sessionFiguresItem = ({ at, figures }: SessionFigures): ItemValue =>
  map({ at: whole(at), figures: figuresItem(figures) });

const readSessionFigures = (reader: ItemReader): SessionFigures => ({
  at: reader.instant('at'),
  figures: readFigures(reader.nested('figures')),
});

/** @throws Fault `permanent` item-corrupt, naming the attribute. */
export function readSession(item: Item): SessionRecord {
  const reader = new ItemReader(item, 'session');
  return {
    start: readSessionFigures(reader.nested('start')),
    end: reader.has('end') ? readSessionFigures(reader.nested('end')) : null,
  };
}
