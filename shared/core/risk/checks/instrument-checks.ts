/** Is this something that can be ordered, in this amount, at this price and time? */
import { formatPrice, formatQuantity, roundPrice, roundQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { priceTick } from '#shared/core/market/instrument-rules.ts';
import { ALL_CLASSES, ENTRIES_ONLY, type PreTradeCheck } from '#shared/core/risk/check.ts';

export const instrumentTradable: PreTradeCheck = {
  name: 'instrument known and tradable',
  codes: ['instrument-unknown', 'instrument-not-tradable'],
  applies: ALL_CLASSES,
  run: ({ instrument, intent }) => {
    const { ticker } = intent.terms;
    if (instrument === null) return refusal('instrument-unknown', `the broker does not know ${ticker}`, { ticker });
    if (!instrument.tradable) return refusal('instrument-not-tradable', `${ticker} is not tradable`, { ticker });
    return null;
  },
};

export const instrumentShortable: PreTradeCheck = {
  name: 'short sales only of what may be sold short',
  codes: ['instrument-not-shortable'],
  applies: ENTRIES_ONLY,
  run: ({ instrument, intent }) =>
    intent.terms.positionIntent === 'sell_to_open' && instrument !== null && !instrument.shortable
      ? refusal('instrument-not-shortable', `${intent.terms.ticker} cannot be sold short`, {})
      : null,
};

export const quantityOnStep: PreTradeCheck = {
  name: 'quantity on the step, fractions only by day and where the instrument takes them',
  codes: ['quantity-off-step', 'instrument-not-fractionable', 'order-malformed'],
  applies: ALL_CLASSES,
  run: ({ instrument, intent }) => {
    const { size, timeInForce, ticker } = intent.terms;
    if (instrument === null || size.kind === 'notional') return null;
    if (size.quantity <= 0n) {
      return refusal('order-malformed', 'the quantity must be above zero', { quantity: formatQuantity(size.quantity) });
    }
    const isWhole = roundQuantity(size.quantity, wholeQuantity(1), 'floor') === size.quantity;
    if (isWhole) return null;
    if (!instrument.fractionable) {
      return refusal('instrument-not-fractionable', `${ticker} trades in whole units only`, {
        quantity: formatQuantity(size.quantity),
      });
    }
    if (timeInForce !== 'day') {
      return refusal('order-malformed', 'a fractional order must be a day order', { timeInForce });
    }
    return roundQuantity(size.quantity, instrument.quantityStep, 'floor') === size.quantity
      ? null
      : refusal('quantity-off-step', `the quantity of ${ticker} must be a multiple of its step`, {
          quantity: formatQuantity(size.quantity),
          step: formatQuantity(instrument.quantityStep),
        });
  },
};

export const priceOnTick: PreTradeCheck = {
  name: 'limit and stop price on the tick',
  codes: ['price-off-tick'],
  applies: ALL_CLASSES,
  run: ({ intent }) => {
    for (const price of [intent.terms.limitPrice, intent.terms.stopPrice]) {
      if (price === null) continue;
      const tick = priceTick(price);
      if (price > 0n && roundPrice(price, tick, 'floor') === price) continue;
      return refusal('price-off-tick', `a price must be a positive multiple of ${formatPrice(tick)}`, {
        price: formatPrice(price),
        tick: formatPrice(tick),
      });
    }
    return null;
  },
};

export const pricesFitType: PreTradeCheck = {
  name: 'prices that the type needs, and no others',
  codes: ['order-malformed'],
  applies: ALL_CLASSES,
  run: ({ intent }) => {
    const { type, limitPrice, stopPrice } = intent.terms;
    const wantsLimit = type === 'limit' || type === 'stop_limit';
    const wantsStop = type === 'stop' || type === 'stop_limit';
    if (wantsLimit === (limitPrice !== null) && wantsStop === (stopPrice !== null)) return null;
    return refusal('order-malformed', `a ${type} order has other prices`, {
      limitPrice: limitPrice === null ? 'none' : formatPrice(limitPrice),
      stopPrice: stopPrice === null ? 'none' : formatPrice(stopPrice),
    });
  },
};

export const sessionOpen: PreTradeCheck = {
  name: 'a session is open',
  codes: ['session-closed'],
  applies: ALL_CLASSES,
  run: ({ session, intent }) =>
    session === null && intent.purpose !== 'protective-stop'
      ? refusal('session-closed', 'the market is closed, and an order sent now would wait unseen', {})
      : null,
};
