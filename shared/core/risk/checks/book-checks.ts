/** Does the order fit what the account holds and what is open on the symbol? */
import {
  absoluteQuantity,
  addMoney,
  formatMoney,
  formatQuantity,
  type Quantity,
  subtractQuantity,
} from '#shared/core/kernel/decimal.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { type Book, exposureOf, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import { ALL_CLASSES, ENTRIES_ONLY, type PreTradeCheck } from '#shared/core/risk/check.ts';
import { worthOf } from '#shared/core/risk/checks/price-checks.ts';

export const bookKnown: PreTradeCheck = {
  name: 'the symbol has a book',
  codes: ['book-missing'],
  applies: ALL_CLASSES,
  run: ({ book, intent }) =>
    book === null
      ? refusal('book-missing', `no reconciliation pass has opened a book for ${intent.terms.ticker}`, {})
      : null,
};

export const symbolFree: PreTradeCheck = {
  name: 'no quarantine, no order of unknown fate and no exit on the symbol',
  codes: ['symbol-quarantined', 'symbol-has-unknown-order', 'exit-in-progress'],
  applies: ENTRIES_ONLY,
  run: ({ book }) => {
    if (book === null) return null;
    if (book.quarantine !== null) {
      return refusal('symbol-quarantined', `${book.ticker} is quarantined: ${book.quarantine.message}`, {
        code: book.quarantine.code,
      });
    }
    const unknown = book.openOrders.find((mark) => mark.unknown);
    if (unknown !== undefined) {
      return refusal('symbol-has-unknown-order', `the fate of an order on ${book.ticker} is not known`, {
        clientOrderId: unknown.clientOrderId,
      });
    }
    return book.exitId === null
      ? null
      : refusal('exit-in-progress', `an exit of ${book.ticker} is open`, { exitId: book.exitId });
  },
};

export const basisUnchanged: PreTradeCheck = {
  name: 'position and open quantity are as the decision saw them',
  codes: ['basis-changed'],
  applies: ENTRIES_ONLY,
  run: ({ book, intent }) => {
    if (book === null) return null;
    const position = shareOf(book, intent.terms.strategyId).quantity;
    const open = openQuantityOf(book, intent.terms.strategyId);
    return position === intent.basis.position && open === intent.basis.openQuantity
      ? null
      : refusal('basis-changed', `the book of ${book.ticker} is not as the decision saw it`, {
          position: formatQuantity(position),
          decidedOn: formatQuantity(intent.basis.position),
          open: formatQuantity(open),
          decidedOnOpen: formatQuantity(intent.basis.openQuantity),
        });
  },
};

export const noOpposingOrder: PreTradeCheck = {
  name: 'no opposite order that could trade with this one',
  codes: ['wash-trade'],
  applies: ALL_CLASSES,
  run: ({ book, intent }) => {
    const opposing = book?.openOrders.find((mark) => mark.side !== intent.terms.side);
    return opposing === undefined
      ? null
      : refusal('wash-trade', `an opposite order is open on ${intent.terms.ticker}`, {
          clientOrderId: opposing.clientOrderId,
        });
  },
};

/** What a strategy may still close: its share less what its open closing orders would take. */
export function closableQuantity(
  book: Book,
  order: { readonly strategyId: Book['shares'][number]['strategyId']; readonly side: 'buy' | 'sell' },
): Quantity {
  const open = book.openOrders.filter((mark) => mark.strategyId === order.strategyId && mark.side === order.side);
  return open.reduce(
    (left, mark) => subtractQuantity(left, mark.remaining),
    absoluteQuantity(shareOf(book, order.strategyId).quantity),
  );
}

export const neverThroughZero: PreTradeCheck = {
  name: 'a closing order closes no more than is held, an opening one opens in one direction',
  codes: ['flip-through-zero', 'quantity-not-available'],
  applies: ALL_CLASSES,
  run: ({ book, intent, orderClass }) => {
    if (book === null) return null;
    const { strategyId, side, size, ticker } = intent.terms;
    const held = shareOf(book, strategyId).quantity;
    const against = side === 'buy' ? held < 0n : held > 0n;
    if (orderClass === 'entry') {
      return against
        ? refusal('flip-through-zero', `an opening ${side} of ${ticker} meets a position on the other side`, {
            position: formatQuantity(held),
          })
        : null;
    }
    if (!against) {
      return refusal('quantity-not-available', `there is no position of ${ticker} that a ${side} closes`, {
        position: formatQuantity(held),
      });
    }
    const closable = closableQuantity(book, { strategyId, side });
    return size.kind === 'quantity' && size.quantity <= closable
      ? null
      : refusal('quantity-not-available', `${ticker}: a closing order may be for what is left to close at most`, {
          closable: formatQuantity(closable),
          asked: size.kind === 'quantity' ? formatQuantity(size.quantity) : formatMoney(size.notional),
        });
  },
};

export const symbolExposure: PreTradeCheck = {
  name: 'exposure in one symbol',
  codes: ['single-name-exposure'],
  applies: ENTRIES_ONLY,
  run: (facts) => {
    const worth = worthOf(facts);
    if (facts.book === null || worth === null) return null;
    const total = addMoney(exposureOf(facts.book), worth);
    return total > facts.policy.limits.symbolExposureMax
      ? refusal('single-name-exposure', `the exposure in ${facts.book.ticker} would be above its limit`, {
          actual: formatMoney(total),
          limit: formatMoney(facts.policy.limits.symbolExposureMax),
          wouldPassAt: formatMoney(total),
        })
      : null;
  },
};
