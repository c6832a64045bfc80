/** What an account is worth now, between two passes of reconciliation: the last pass carried on by books and quotes. */
import {
  absoluteMoney,
  addMoney,
  addPrice,
  basisPointsOf,
  type Money,
  notionalOf,
  type Price,
  prorateMoney,
  subtractMoney,
  subtractPrice,
} from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Quote } from '#shared/core/market/types.ts';
import { type Book, paidIn, positionOf } from '#shared/core/portfolio/book.ts';

/** What a whole pass has said of the account. */
export interface PassFound {
  /** When it began: it read the broker after that. */
  readonly at: EpochMs;
  readonly cash: Money;
  /** What cash should have been by the books. */
  readonly expectedCash: Money;
  readonly equity: Money;
  readonly realizedProfit: Money;
  /** The broker's value of the positions, less what they cost by the books. */
  readonly unrealizedProfit: Money;
  /** Whether every position was the same in the books and at the broker. */
  readonly agrees: boolean;
}

export interface StoredMark {
  readonly quote: Pick<Quote, 'bid' | 'ask'>;
  readonly readAt: EpochMs;
}

export interface MarkFacts {
  readonly pass: PassFound;
  /** As they stand now, with all that was booked since the pass. */
  readonly books: readonly Book[];
  /** Quotes of this session that are fresh. */
  readonly quotes: ReadonlyMap<Ticker, StoredMark>;
  readonly cashToleranceBps: bigint;
  /** The widest spread, in basis points of the mid, whose mid is taken for a price. */
  readonly spreadBpsMax: bigint;
}

const FULL_BPS = 10_000n;

/** Bid plus ask, which is twice the mid; null where the quote is one-sided, crossed or too wide to tell a price. */
function twiceMid({ bid, ask }: Pick<Quote, 'bid' | 'ask'>, spreadBpsMax: bigint): Price | null {
  if (bid === null || ask === null || bid <= 0n || ask < bid) return null;
  const sum = addPrice(bid, ask);
  return subtractPrice(ask, bid) * FULL_BPS * 2n <= spreadBpsMax * sum ? sum : null;
}

function isBaseSound({ pass, cashToleranceBps }: MarkFacts): boolean {
  const drift = absoluteMoney(subtractMoney(pass.cash, pass.expectedCash));
  return pass.agrees && drift <= basisPointsOf(absoluteMoney(pass.equity), cashToleranceBps);
}

/**
 * The equity now, in the account's currency:
 *
 *     cash(pass) - (paid(now) - paid(pass)) + sum over symbols of position(now) * mid(now)
 *
 * where paid = cost - realised profit by the books, which moves by exactly what each booked fill paid, and
 * paid(pass) = equity(pass) - cash(pass) - unrealised(pass) - realised(pass). With the broker's own marks in place of the
 * mids and nothing booked since, it is equity(pass) exactly. It differs from what the broker would answer now by at most
 * half of each spread times the units held, the drift of cash that the pass let through, what moved cash since without a
 * fill (fees, dividends, payments), and for a fill that is not booked yet its units times its price's distance from mid.
 *
 * @returns null where it cannot be reckoned: the pass found books and broker to differ, a book is in quarantine or has
 * executions that are not known, or a held symbol has no sound quote that was read since the pass. The pass's own equity
 * is what holds then.
 */
export function markedEquity(facts: MarkFacts): Money | null {
  const { pass, books, quotes, spreadBpsMax } = facts;
  if (!isBaseSound(facts)) return null;
  if (books.some(({ gaps, quarantine }) => gaps.length > 0 || quarantine !== null)) return null;
  const costAtPass = subtractMoney(subtractMoney(pass.equity, pass.cash), pass.unrealizedProfit);
  const paidSince = subtractMoney(paidIn(books), subtractMoney(costAtPass, pass.realizedProfit));
  let equity = subtractMoney(pass.cash, paidSince);
  for (const book of books) {
    const held = positionOf(book);
    if (held === 0n) continue;
    const mark = quotes.get(book.ticker);
    const twice = mark === undefined || mark.readAt < pass.at ? null : twiceMid(mark.quote, spreadBpsMax);
    if (twice === null) return null;
    equity = addMoney(equity, prorateMoney(notionalOf(twice, held), 1n, 2n, 'floor'));
  }
  return equity;
}
