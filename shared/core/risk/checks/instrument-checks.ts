/** Is this something that can be ordered, in this amount, at this price and time? */
import {
  formatMoney,
  formatPrice,
  formatQuantity,
  roundPrice,
  roundQuantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import { intentFits } from '#shared/core/order/terms.ts';
import { ALL_CLASSES, ENTRIES_ONLY, type PreTradeCheck, reject } from '#shared/core/risk/check.ts';
import { worthOf } from '#shared/core/risk/valuation.ts';

export const pricesFitType: PreTradeCheck = {
  id: 'prices-fit-type',
  asks: 'an order has the prices that its type needs, and no others',
  codes: ['order-malformed'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ intent }) => {
    const { type, limitPrice, stopPrice } = intent.terms;
    const wantsLimit = type === 'limit' || type === 'stop_limit';
    const wantsStop = type === 'stop' || type === 'stop_limit';
    if (wantsLimit === (limitPrice !== null) && wantsStop === (stopPrice !== null)) return null;
    return reject('order-malformed', `a ${type} order has other prices`, {
      limitPrice: limitPrice === null ? 'none' : formatPrice(limitPrice),
      stopPrice: stopPrice === null ? 'none' : formatPrice(stopPrice),
    });
  },
};

export const intentFitsSide: PreTradeCheck = {
  id: 'intent-fits-side',
  asks: 'a buy opens or closes by buying, a sell by selling, so that no sale passes for a purchase',
  codes: ['order-malformed'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ intent }) => {
    const { side, positionIntent } = intent.terms;
    return intentFits(positionIntent, side)
      ? null
      : reject('order-malformed', `a ${side} cannot be ${positionIntent}`, { side, positionIntent });
  },
};

export const timeInForceFits: PreTradeCheck = {
  id: 'time-in-force-fits',
  asks: 'entries and exits live for a day or at once; only a protective stop may stay till canceled',
  codes: ['order-malformed'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ intent }) => {
    const { timeInForce, type } = intent.terms;
    const isStop = type === 'stop' || type === 'stop_limit';
    if (timeInForce === 'gtc' && intent.purpose !== 'protective-stop') {
      return reject('order-malformed', 'only a protective stop may stay at the broker till canceled', { timeInForce });
    }
    if (isStop && timeInForce !== 'day' && timeInForce !== 'gtc') {
      return reject('order-malformed', `a ${type} order waits for its price: it cannot be ${timeInForce}`, {
        timeInForce,
      });
    }
    return null;
  },
};

export const instrumentTradable: PreTradeCheck = {
  id: 'instrument-tradable',
  asks: 'the broker knows the instrument and trades it',
  codes: ['instrument-unknown', 'instrument-not-tradable'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ instrument, intent }) => {
    const { ticker } = intent.terms;
    if (instrument === null) return reject('instrument-unknown', `the broker does not know ${ticker}`, { ticker });
    if (!instrument.tradable) return reject('instrument-not-tradable', `${ticker} is not tradable`, { ticker });
    return null;
  },
};

export const shortAllowed: PreTradeCheck = {
  id: 'short-allowed',
  asks: 'a short sale is allowed by policy and account, and of what may be borrowed',
  codes: ['instrument-not-shortable'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.shortSelling'],
  warns: false,
  run: ({ instrument, intent, policy, account }) => {
    if (intent.terms.positionIntent !== 'sell_to_open') return null;
    const { ticker } = intent.terms;
    if (!policy.checks.shortSelling) {
      return reject('instrument-not-shortable', `the policy allows no short sale of ${ticker}`, { by: 'policy' });
    }
    if (account !== null && !account.shortingEnabled) {
      return reject('instrument-not-shortable', `the account may not sell ${ticker} short`, { by: 'account' });
    }
    return instrument !== null && !instrument.shortable
      ? reject('instrument-not-shortable', `${ticker} cannot be sold short`, { by: 'instrument' })
      : null;
  },
};

export const quantityOnStep: PreTradeCheck = {
  id: 'quantity-on-step',
  asks: 'the quantity is on its step; fractions by day, of long positions, and where the instrument takes them',
  codes: ['order-malformed', 'instrument-not-fractionable', 'quantity-off-step'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ instrument, intent }) => {
    const { size, timeInForce, ticker, positionIntent } = intent.terms;
    const isWhole =
      size.kind === 'quantity' && roundQuantity(size.quantity, wholeQuantity(1), 'floor') === size.quantity;
    if (instrument === null || isWhole) return null;
    if (!instrument.fractionable) {
      const asked = size.kind === 'quantity' ? { quantity: formatQuantity(size.quantity) } : { size: 'notional' };
      return reject('instrument-not-fractionable', `${ticker} trades in whole units only`, asked);
    }
    if (timeInForce !== 'day')
      return reject('order-malformed', 'a fractional order must be a day order', { timeInForce });
    if (positionIntent === 'sell_to_open') return reject('order-malformed', 'no fraction can be sold short', {});
    if (size.kind === 'notional') return null;
    return roundQuantity(size.quantity, instrument.quantityStep, 'floor') === size.quantity
      ? null
      : reject('quantity-off-step', `the quantity of ${ticker} must be a multiple of its step`, {
          quantity: formatQuantity(size.quantity),
          step: formatQuantity(instrument.quantityStep),
        });
  },
};

export const quantityInRange: PreTradeCheck = {
  id: 'quantity-in-range',
  asks: "the quantity lies between the instrument's smallest and the policy's largest order",
  codes: ['order-malformed', 'quantity-below-minimum', 'quantity-above-maximum'],
  applies: ALL_CLASSES,
  numbers: ['checks.orderQuantityMax'],
  warns: false,
  run: ({ instrument, intent, policy }) => {
    const { size, ticker } = intent.terms;
    if (size.kind === 'notional') {
      return size.notional > 0n
        ? null
        : reject('order-malformed', 'the notional must be above zero', { notional: formatMoney(size.notional) });
    }
    const { quantity } = size;
    if (quantity <= 0n) {
      return reject('order-malformed', 'the quantity must be above zero', { quantity: formatQuantity(quantity) });
    }
    if (instrument !== null && quantity < instrument.quantityMin) {
      return reject('quantity-below-minimum', `the smallest order of ${ticker} is larger`, {
        actual: formatQuantity(quantity),
        limit: formatQuantity(instrument.quantityMin),
      });
    }
    const limit = policy.checks.orderQuantityMax;
    return quantity > limit
      ? reject('quantity-above-maximum', `the order of ${ticker} is for more units than any order may be`, {
          actual: formatQuantity(quantity),
          limit: formatQuantity(limit),
          wouldPassAt: formatQuantity(quantity),
        })
      : null;
  },
};

export const notionalLargeEnough: PreTradeCheck = {
  id: 'notional-large-enough',
  asks: 'an entry is worth as much as the policy asks for at least',
  codes: ['notional-below-minimum'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.orderNotionalMin'],
  warns: false,
  run: (facts) => {
    const worth = worthOf(facts);
    const limit = facts.policy.limits.orderNotionalMin;
    return worth !== null && worth < limit
      ? reject('notional-below-minimum', `the order of ${facts.intent.terms.ticker} is worth too little`, {
          actual: formatMoney(worth),
          limit: formatMoney(limit),
          wouldPassAt: formatMoney(worth),
        })
      : null;
  },
};

export const priceOnTick: PreTradeCheck = {
  id: 'price-on-tick',
  asks: 'limit and stop price are positive multiples of the tick',
  codes: ['price-off-tick'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ intent }) => {
    for (const price of [intent.terms.limitPrice, intent.terms.stopPrice]) {
      if (price === null) continue;
      const tick = priceTick(price);
      if (price > 0n && roundPrice(price, tick, 'floor') === price) continue;
      return reject('price-off-tick', `a price must be a positive multiple of ${formatPrice(tick)}`, {
        price: formatPrice(price),
        tick: formatPrice(tick),
      });
    }
    return null;
  },
};

export const sessionOpen: PreTradeCheck = {
  id: 'session-open',
  asks: 'a session is open; a protective stop may be placed before the next one',
  codes: ['session-closed'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ session, intent }) =>
    session === null && intent.purpose !== 'protective-stop'
      ? reject('session-closed', 'the market is closed, and an order sent now would wait unseen', {})
      : null,
};
