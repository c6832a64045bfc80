/** Does the order fit what the account holds and what is open on the symbol? */
import {
  absoluteQuantity,
  formatMoney,
  formatQuantity,
  minQuantity,
  type Quantity,
  subtractQuantity,
  ZERO_QUANTITY as ZERO,
} from '#shared/core/kernel/decimal.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { type Book, type OpenOrderMark, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import {
  ALL_CLASSES,
  type ClearingFacts,
  ENTRIES_ONLY,
  type Finding,
  type PreTradeCheck,
  reject,
} from '#shared/core/risk/check.ts';

/** A broker's position that was read earlier than this sizes nothing. */
const HOLDING_AGE_MS_MAX = 5_000;

export const bookKnown: PreTradeCheck = {
  id: 'book-known',
  asks: 'reconciliation has opened a book of the symbol',
  codes: ['book-missing'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ book, intent }) =>
    book === null
      ? reject('book-missing', `no reconciliation pass has opened a book for ${intent.terms.ticker}`, {})
      : null,
};

export const symbolFree: PreTradeCheck = {
  id: 'symbol-free',
  asks: 'no quarantine, no order of unknown fate and no exit on the symbol',
  codes: ['symbol-quarantined', 'symbol-has-unknown-order', 'exit-in-progress'],
  applies: ENTRIES_ONLY,
  numbers: [],
  warns: false,
  run: ({ book }) => {
    if (book === null) return null;
    if (book.quarantine !== null) {
      return reject('symbol-quarantined', `${book.ticker} is quarantined: ${book.quarantine.message}`, {
        code: book.quarantine.code,
      });
    }
    const unknown = book.openOrders.find((mark) => mark.unknown);
    if (unknown !== undefined) {
      return reject('symbol-has-unknown-order', `the fate of an order on ${book.ticker} is not known`, {
        clientOrderId: unknown.clientOrderId,
      });
    }
    return book.exitId === null
      ? null
      : reject('exit-in-progress', `an exit of ${book.ticker} is open`, { exitId: book.exitId });
  },
};

export const basisUnchanged: PreTradeCheck = {
  id: 'basis-unchanged',
  asks: 'position and open quantity are as the decision saw them',
  codes: ['basis-changed'],
  applies: ENTRIES_ONLY,
  numbers: [],
  warns: false,
  run: ({ book, intent }) => {
    if (book === null) return null;
    const position = shareOf(book, intent.terms.strategyId).quantity;
    const open = openQuantityOf(book, intent.terms.strategyId);
    return position === intent.basis.position && open === intent.basis.openQuantity
      ? null
      : reject('basis-changed', `the book of ${book.ticker} is not as the decision saw it`, {
          position: formatQuantity(position),
          decidedOn: formatQuantity(intent.basis.position),
          open: formatQuantity(open),
          decidedOnOpen: formatQuantity(intent.basis.openQuantity),
        });
  },
};

/** Orders of the account on the symbol's other side. */
const opposing = (book: Book, intent: ClearingFacts['intent']): readonly OpenOrderMark[] =>
  book.openOrders.filter((mark) => mark.side !== intent.terms.side);

/** Whether one could trade with the other: two limits only where they cross, anything else always. */
function couldTrade(mark: OpenOrderMark, { terms }: ClearingFacts['intent']): boolean {
  if (mark.limitPrice === null || terms.limitPrice === null) return true;
  if (mark.stopPrice !== null || terms.stopPrice !== null) return true;
  return terms.side === 'buy' ? terms.limitPrice >= mark.limitPrice : mark.limitPrice >= terms.limitPrice;
}

export const noWashTrade: PreTradeCheck = {
  id: 'no-wash-trade',
  asks: 'no opposite order of the account is open that this one could trade with',
  codes: ['wash-trade'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ book, intent }) => {
    const found = book === null ? undefined : opposing(book, intent).find((mark) => couldTrade(mark, intent));
    return found === undefined
      ? null
      : reject('wash-trade', `an opposite order is open on ${intent.terms.ticker}`, {
          clientOrderId: found.clientOrderId,
        });
  },
};

export const noTwin: PreTradeCheck = {
  id: 'no-twin',
  asks: 'no order of the same decision is open, but for one that closes and can no longer arrive',
  codes: ['twin-order'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ book, intent, lost, holding }) => {
    const { decision, terms } = intent;
    // Beside one that is lost an exit goes on, sized by what the broker calls available and by nothing else.
    const besides = isClosing(terms.positionIntent) && holding !== null ? lost : [];
    const twin = book?.openOrders.find(
      (mark) =>
        !besides.includes(mark.clientOrderId) &&
        mark.decisionId === decision.decisionId &&
        mark.slice === decision.slice &&
        mark.strategyId === terms.strategyId &&
        mark.side === terms.side,
    );
    return twin === undefined
      ? null
      : reject('twin-order', `an order of decision ${decision.decisionId} is open already`, {
          clientOrderId: twin.clientOrderId,
        });
  },
};

/** What a strategy may still close: its share less what its open closing orders would take. */
function closableByBook({ book, intent }: ClearingFacts): Quantity {
  if (book === null) return ZERO;
  const { strategyId, side } = intent.terms;
  return book.openOrders
    .filter((mark) => mark.strategyId === strategyId && mark.side === side)
    .reduce(
      (left, mark) => subtractQuantity(left, mark.remaining),
      absoluteQuantity(shareOf(book, strategyId).quantity),
    );
}

function enteringMeetsNothing({ book, intent }: ClearingFacts): Finding | null {
  if (book === null) return null;
  const { strategyId, side, ticker, positionIntent } = intent.terms;
  const held = shareOf(book, strategyId).quantity;
  const against = side === 'buy' ? held < 0n : held > 0n;
  if (!against) return null;
  return reject('flip-through-zero', `${positionIntent} of ${ticker} meets a position on the other side`, {
    position: formatQuantity(held),
  });
}

/** Sized from the broker's own position while the book is in doubt. */
function closingFits(facts: ClearingFacts): Finding | null {
  const { book, intent, holding, bookDoubt, now } = facts;
  const { side, size, ticker, strategyId } = intent.terms;
  if (bookDoubt !== null) {
    const ageMs = holding === null ? null : now - holding.readAt;
    if (holding === null || ageMs === null || ageMs > HOLDING_AGE_MS_MAX || ageMs < 0) {
      return reject('broker-position-unread', `${ticker}: ${bookDoubt}, and the broker's position was not read`, {
        readAt: holding === null ? 'never' : formatEpochMs(holding.readAt),
      });
    }
  }
  const held = bookDoubt === null ? (book === null ? ZERO : shareOf(book, strategyId).quantity) : holding?.quantity;
  const position = held ?? ZERO;
  const closes = side === 'buy' ? position < 0n : position > 0n;
  if (!closes) {
    return reject('quantity-not-available', `there is no position of ${ticker} that a ${side} closes`, {
      position: formatQuantity(position),
    });
  }
  const closable =
    bookDoubt === null
      ? closableByBook(facts)
      : minQuantity(absoluteQuantity(position), absoluteQuantity(holding?.available ?? ZERO));
  return size.kind === 'quantity' && size.quantity <= closable
    ? null
    : reject('quantity-not-available', `${ticker}: a closing order may be for what is left to close at most`, {
        closable: formatQuantity(closable),
        asked: size.kind === 'quantity' ? formatQuantity(size.quantity) : formatMoney(size.notional),
      });
}

export const neverThroughZero: PreTradeCheck = {
  id: 'never-through-zero',
  asks: 'a closing order closes no more than is free, an opening one meets no position on the other side',
  codes: ['flip-through-zero', 'quantity-not-available', 'broker-position-unread'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: (facts) => (facts.orderClass === 'entry' ? enteringMeetsNothing(facts) : closingFits(facts)),
};

export const symbolRested: PreTradeCheck = {
  id: 'symbol-rested',
  asks: 'the last fill on the symbol lies back for as long as the policy asks',
  codes: ['symbol-cooldown'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.symbolCooldownMs'],
  warns: false,
  run: ({ book, now, policy }) => {
    const lastFillAt = book?.lastFillAt ?? null;
    if (book === null || lastFillAt === null) return null;
    const sinceMs = now - lastFillAt;
    const limit = policy.checks.symbolCooldownMs;
    return sinceMs < limit
      ? reject('symbol-cooldown', `${book.ticker} filled ${sinceMs} ms ago`, {
          actual: String(sinceMs),
          limit: String(limit),
          wouldPassAt: String(sinceMs),
        })
      : null;
  },
};
