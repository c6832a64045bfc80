/** A book as an item. */
import {
  flag,
  ItemReader,
  list,
  map,
  money,
  priceOrNull,
  quantity,
  text,
  textOrNull,
  whole,
  wholeOrNull,
} from '#shared/adapters/stores/attributes.ts';
import { bookKey } from '#shared/adapters/stores/keys.ts';
import { accountId, clientOrderIdOf, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import { ORDER_PURPOSES } from '#shared/core/order/order.ts';
import { SIDES } from '#shared/core/order/terms.ts';
import type { Book, OpenOrderMark, Quarantine, StrategyShare } from '#shared/core/portfolio/book.ts';

const shareItem = (share: StrategyShare): ItemValue =>
  map({
    strategyId: text(share.strategyId),
    quantity: quantity(share.quantity),
    cost: money(share.cost),
    realizedProfit: money(share.realizedProfit),
    openedOn: textOrNull(share.openedOn),
    stopPrice: priceOrNull(share.stopPrice),
  });

const markItem = (mark: OpenOrderMark): ItemValue =>
  map({
    clientOrderId: text(mark.clientOrderId),
    strategyId: text(mark.strategyId),
    decisionId: text(mark.decisionId),
    slice: whole(mark.slice),
    purpose: text(mark.purpose),
    side: text(mark.side),
    limitPrice: priceOrNull(mark.limitPrice),
    stopPrice: priceOrNull(mark.stopPrice),
    closing: flag(mark.closing),
    remaining: quantity(mark.remaining),
    reservedMoney: money(mark.reservedMoney),
    unknown: flag(mark.unknown),
  });

const quarantineItem = (quarantine: Quarantine | null): ItemValue =>
  quarantine === null
    ? { NULL: true }
    : map({ code: text(quarantine.code), message: text(quarantine.message), at: whole(quarantine.at) });

/** The attributes of a book but for its keys; `version` is the one that the item will have. */
export function bookAttributes(book: Book): Item {
  return {
    accountId: text(book.accountId),
    ticker: text(book.ticker),
    shares: list(book.shares.map(shareItem)),
    openOrders: list(book.openOrders.map(markItem)),
    gaps: list(book.gaps.map(text)),
    quarantine: quarantineItem(book.quarantine),
    quarantined: flag(book.quarantine !== null),
    unknownOrders: whole(book.openOrders.filter((mark) => mark.unknown).length),
    exitId: textOrNull(book.exitId),
    lastFillAt: wholeOrNull(book.lastFillAt),
    version: whole(book.version),
    sequence: whole(book.sequence),
  };
}

export function bookItem(book: Book): Item {
  const key = bookKey(book.accountId, book.ticker);
  return { pk: text(key.pk), sk: text(key.sk), ...bookAttributes(book) };
}

const readShare = (reader: ItemReader): StrategyShare => ({
  strategyId: reader.named('strategyId', strategyId),
  quantity: reader.quantity('quantity'),
  cost: reader.money('cost'),
  realizedProfit: reader.money('realizedProfit'),
  openedOn: reader.orNull('openedOn', (name) => reader.named(name, calendarDate)),
  stopPrice: reader.orNull('stopPrice', (name) => reader.price(name)),
});

const readMark = (reader: ItemReader): OpenOrderMark => ({
  clientOrderId: reader.named('clientOrderId', clientOrderIdOf),
  strategyId: reader.named('strategyId', strategyId),
  decisionId: reader.named('decisionId', decisionId),
  slice: reader.whole('slice'),
  purpose: reader.oneOf('purpose', ORDER_PURPOSES),
  side: reader.oneOf('side', SIDES),
  limitPrice: reader.orNull('limitPrice', (name) => reader.price(name)),
  stopPrice: reader.orNull('stopPrice', (name) => reader.price(name)),
  closing: reader.flag('closing'),
  remaining: reader.quantity('remaining'),
  reservedMoney: reader.money('reservedMoney'),
  unknown: reader.flag('unknown'),
});

const readQuarantine = (reader: ItemReader): Quarantine => ({
  code: reader.text('code'),
  message: reader.text('message'),
  at: reader.instant('at'),
});

/** @throws Fault `permanent` item-corrupt, naming the attribute. */
export function readBook(item: Item): Book {
  const reader = new ItemReader(item, 'book');
  return {
    accountId: reader.named('accountId', accountId),
    ticker: reader.named('ticker', ticker),
    shares: reader.items('shares').map(readShare),
    openOrders: reader.items('openOrders').map(readMark),
    gaps: reader.texts('gaps').map((id) => reader.parsed('gaps', id, clientOrderIdOf)),
    quarantine: reader.orNull('quarantine', (name) => readQuarantine(reader.nested(name))),
    exitId: reader.orNull('exitId', (name) => reader.text(name)),
    lastFillAt: reader.orNull('lastFillAt', (name) => reader.instant(name)),
    version: reader.whole('version'),
    sequence: reader.whole('sequence'),
  };
}
