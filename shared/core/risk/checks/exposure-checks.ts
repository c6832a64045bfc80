/** What the order would add to everything that the account stakes, and whether there is money for it. */
import {
  absoluteMoney,
  absoluteQuantity,
  addMoney,
  addQuantity,
  formatMoney,
  formatQuantity,
  type Money,
  negateMoney,
  notionalOf,
  prorateMoney,
  proratePrice,
  type Quantity,
  subtractMoney,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { type Book, exposureOf, positionOf, type StrategyShare } from '#shared/core/portfolio/book.ts';
import {
  type ClearingFacts,
  ENTRIES_ONLY,
  farSide,
  type Finding,
  holdTo,
  type PreTradeCheck,
  reject,
} from '#shared/core/risk/check.ts';
import { reservationOf } from '#shared/core/risk/valuation.ts';

const FULL_BPS = 10_000n;

/** What the order would set aside; zero where it cannot be reckoned, which other checks refuse. */
const staked = (facts: ClearingFacts): Money => reservationOf(facts)?.money ?? ZERO_MONEY;

const sum = (amounts: readonly Money[]): Money => amounts.reduce(addMoney, ZERO_MONEY);

export const symbolPosition: PreTradeCheck = {
  id: 'symbol-position',
  asks: 'the account holds no more units of one symbol than the policy allows, open orders included',
  codes: ['position-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.symbolQuantityMax'],
  warns: true,
  run: (facts) => {
    const { book, policy, intent } = facts;
    const reservation = reservationOf(facts);
    if (book === null || reservation === null) return null;
    const open = book.openOrders
      .filter((mark) => !mark.closing)
      .reduce((total, mark) => addQuantity(total, mark.remaining), ZERO_QUANTITY);
    const held = absoluteQuantity(positionOf(book));
    return holdTo<Quantity>(policy, {
      code: 'position-limit',
      what: `the position in ${intent.terms.ticker}`,
      actual: addQuantity(addQuantity(held, open), reservation.quantity),
      limit: policy.checks.symbolQuantityMax,
      format: formatQuantity,
    });
  },
};

const isHeld = (book: Book): boolean =>
  book.shares.some((share) => share.quantity !== 0n) || book.openOrders.some((mark) => !mark.closing);

export const positionCount: PreTradeCheck = {
  id: 'position-count',
  asks: 'the account holds no more symbols than the policy allows',
  codes: ['position-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.positionsMax'],
  warns: false,
  run: ({ books, intent, policy }) => {
    const others = books.filter((book) => book.ticker !== intent.terms.ticker && isHeld(book)).length;
    const limit = policy.limits.positionsMax;
    return others + 1 > limit
      ? reject('position-limit', 'as many symbols are held or being bought as the policy allows', {
          actual: String(others + 1),
          limit: String(limit),
          wouldPassAt: String(others + 1),
        })
      : null;
  },
};

export const singleNameExposure: PreTradeCheck = {
  id: 'single-name-exposure',
  asks: 'the account stakes no more in one symbol than the policy allows',
  codes: ['single-name-exposure'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.symbolExposureMax'],
  warns: true,
  run: (facts) =>
    facts.book === null
      ? null
      : holdTo<Money>(facts.policy, {
          code: 'single-name-exposure',
          what: `the exposure in ${facts.book.ticker}`,
          actual: addMoney(exposureOf(facts.book), staked(facts)),
          limit: facts.policy.limits.symbolExposureMax,
          format: formatMoney,
        }),
};

export const grossExposure: PreTradeCheck = {
  id: 'gross-exposure',
  asks: 'positions and reservations together stay within the gross exposure; the claim holds it once more',
  codes: ['exposure-missing', 'gross-exposure'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.grossExposureMax'],
  warns: true,
  run: (facts) =>
    facts.exposure === null
      ? reject('exposure-missing', 'the account has no exposure item; `belay init` makes it', {})
      : holdTo<Money>(facts.policy, {
          code: 'gross-exposure',
          what: 'the gross exposure',
          actual: addMoney(facts.exposure.committed, staked(facts)),
          limit: facts.policy.limits.grossExposureMax,
          format: formatMoney,
        }),
};

/** Long positions and reserved buys, less short positions and reserved short sales. */
function netOf(book: Book): Money {
  const held = sum(book.shares.map((share) => share.cost));
  const reserved = book.openOrders.map((mark) =>
    mark.side === 'buy' ? mark.reservedMoney : negateMoney(mark.reservedMoney),
  );
  return addMoney(held, sum(reserved));
}

export const netExposure: PreTradeCheck = {
  id: 'net-exposure',
  asks: 'longs less shorts stay within the net exposure, either way',
  codes: ['net-exposure'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.netExposureMax'],
  warns: true,
  run: (facts) => {
    const before = sum(facts.books.map(netOf));
    const added = facts.intent.terms.side === 'buy' ? staked(facts) : negateMoney(staked(facts));
    const after = addMoney(before, added);
    // What brings the net nearer to zero is never refused for it.
    if (absoluteMoney(after) <= absoluteMoney(before)) return null;
    return holdTo<Money>(facts.policy, {
      code: 'net-exposure',
      what: 'the net exposure',
      actual: absoluteMoney(after),
      limit: facts.policy.checks.netExposureMax,
      format: formatMoney,
    });
  },
};

/** Loss from cost to stop; a share whose stop is still to be set counts with the fallback distance. */
function riskOfShare(share: StrategyShare, fallbackBps: bigint): Money {
  const cost = absoluteMoney(share.cost);
  if (share.stopPrice === null) return prorateMoney(cost, fallbackBps, FULL_BPS, 'ceiling');
  const atStop = notionalOf(share.stopPrice, absoluteQuantity(share.quantity));
  const loss = share.quantity > 0n ? subtractMoney(cost, atStop) : subtractMoney(atStop, cost);
  return loss > 0n ? loss : ZERO_MONEY;
}

function riskOfBook(book: Book, fallbackBps: bigint): Money {
  const held = book.shares.map((share) => riskOfShare(share, fallbackBps));
  const open = book.openOrders.map((mark) => prorateMoney(mark.reservedMoney, fallbackBps, FULL_BPS, 'ceiling'));
  return sum([...held, ...open]);
}

/** Loss of the order at the stop that its position will have. */
function riskOfOrder(facts: ClearingFacts): Money {
  const { bars, policy, quote, intent } = facts;
  const reservation = reservationOf(facts);
  if (reservation === null) return ZERO_MONEY;
  const range = bars?.averageRange ?? null;
  const price = intent.terms.limitPrice ?? farSide(quote, intent.terms.side);
  const distance =
    range !== null && range > 0n
      ? proratePrice(range, policy.stops.rangePercent, 100n, 'ceiling')
      : price === null
        ? null
        : proratePrice(price, policy.stops.fallbackBps, FULL_BPS, 'ceiling');
  return distance === null ? reservation.money : notionalOf(distance, reservation.quantity);
}

export const portfolioHeat: PreTradeCheck = {
  id: 'portfolio-heat',
  asks: 'all positions together would lose no more at their stops than the policy allows',
  codes: ['portfolio-heat'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.heatBpsMax', 'stops.rangePercent', 'stops.fallbackBps'],
  warns: true,
  run: (facts) => {
    const { account, books, policy } = facts;
    if (account === null) return null;
    const held = sum(books.map((book) => riskOfBook(book, policy.stops.fallbackBps)));
    return holdTo<Money>(policy, {
      code: 'portfolio-heat',
      what: 'the loss of all positions at their stops',
      actual: addMoney(held, riskOfOrder(facts)),
      limit: prorateMoney(account.equity, policy.checks.heatBpsMax, FULL_BPS, 'floor'),
      format: formatMoney,
    });
  },
};

/** The broker's cash less all that open orders may still take, and this one's. */
function cashAfter(facts: ClearingFacts, cash: Money): Money {
  const open = sum(facts.books.flatMap((book) => book.openOrders.map((mark) => mark.reservedMoney)));
  return subtractMoney(subtractMoney(cash, open), staked(facts));
}

export const cashSuffices: PreTradeCheck = {
  id: 'cash-suffices',
  asks: 'what is bought is paid for in cash, and the cash target stays unspent',
  codes: ['cash-insufficient', 'cash-target'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.cashTargetBps'],
  warns: false,
  run: (facts): Finding | null => {
    const { account, intent, policy } = facts;
    if (account === null || intent.terms.side === 'sell') return null;
    const after = cashAfter(facts, account.cash);
    if (after < 0n) {
      return reject('cash-insufficient', `the order of ${intent.terms.ticker} would cost more cash than there is`, {
        cash: formatMoney(account.cash),
        after: formatMoney(after),
      });
    }
    const target = prorateMoney(account.equity, policy.checks.cashTargetBps, FULL_BPS, 'ceiling');
    return after < target
      ? reject('cash-target', 'the order would spend cash that the policy keeps', {
          actual: formatMoney(after),
          limit: formatMoney(target),
          wouldPassAt: formatMoney(after),
        })
      : null;
  },
};

export const buyingPowerSuffices: PreTradeCheck = {
  id: 'buying-power-suffices',
  asks: 'the broker would lend or hold as much as the order may take',
  codes: ['buying-power-insufficient'],
  applies: ENTRIES_ONLY,
  numbers: [],
  warns: false,
  run: (facts) => {
    const { account } = facts;
    const needed = staked(facts);
    return account !== null && needed > account.buyingPower
      ? reject('buying-power-insufficient', 'the order would take more buying power than there is', {
          actual: formatMoney(needed),
          limit: formatMoney(account.buyingPower),
        })
      : null;
  },
};

/** What the strategy's own exit would bring over the cost of its units, in basis points; stops and people never ask. */
export const exitProfitable: PreTradeCheck = {
  id: 'exit-profitable',
  asks: "a strategy's own exit of a long position brings the profit that the policy asks for",
  codes: ['profit-below-minimum'],
  applies: ['reducing'],
  numbers: ['checks.exitProfitBpsMin'],
  warns: false,
  run: (facts) => {
    const { book, intent, policy, quote } = facts;
    const minimumBps = policy.checks.exitProfitBpsMin;
    const { side, size, strategyId, ticker } = intent.terms;
    if (minimumBps === null || intent.purpose !== 'exit' || intent.runId === null || side !== 'sell') return null;
    const share = book?.shares.find((own) => own.strategyId === strategyId);
    const price = intent.terms.limitPrice ?? farSide(quote, side) ?? intent.arrivalPrice;
    if (share === undefined || share.quantity <= 0n || size.kind !== 'quantity') return null;
    const proceeds = notionalOf(price, size.quantity);
    const cost = prorateMoney(share.cost, size.quantity, share.quantity, 'ceiling');
    const wanted = prorateMoney(cost, FULL_BPS + minimumBps, FULL_BPS, 'ceiling');
    return proceeds < wanted
      ? reject('profit-below-minimum', `selling ${ticker} now would bring less than the policy asks for`, {
          actual: formatMoney(proceeds),
          limit: formatMoney(wanted),
          limitBps: String(minimumBps),
          units: formatQuantity(size.quantity),
        })
      : null;
  },
};
