/** Is there a price to trust, and is the order near it? */
import {
  absoluteQuantity,
  addPrice,
  formatMoney,
  formatPrice,
  formatQuantity,
  type Money,
  notionalOf,
  type Price,
  proratePrice,
  subtractPrice,
} from '#shared/core/kernel/decimal.ts';
import { msOf } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Quote } from '#shared/core/market/types.ts';
import { ENTRIES_ONLY, type ClearingFacts, type PreTradeCheck } from '#shared/core/risk/check.ts';

/** The side of the quote that the order would meet, or null. */
export const farSide = (quote: Quote | null, side: 'buy' | 'sell'): Price | null =>
  quote === null ? null : side === 'buy' ? quote.ask : quote.bid;

export const quoteFresh: PreTradeCheck = {
  name: 'a fresh quote on the side that the order meets',
  codes: ['quote-missing', 'quote-stale'],
  applies: ENTRIES_ONLY,
  run: ({ quote, intent, now, policy }) => {
    if (quote === null || farSide(quote, intent.terms.side) === null) {
      return refusal('quote-missing', `nobody quotes ${intent.terms.ticker}`, {});
    }
    const ageMs = now - msOf(quote.at);
    return ageMs > policy.limits.quoteAgeMsMax
      ? refusal('quote-stale', `the quote of ${intent.terms.ticker} is ${ageMs} ms old`, {
          actual: String(ageMs),
          limit: String(policy.limits.quoteAgeMsMax),
          wouldPassAt: String(ageMs),
        })
      : null;
  },
};

export const spreadNarrow: PreTradeCheck = {
  name: 'a market order meets no wide spread',
  codes: ['spread-too-wide'],
  applies: ENTRIES_ONLY,
  run: ({ quote, intent, policy }) => {
    if (intent.terms.type !== 'market' || quote === null || quote.bid === null || quote.ask === null) return null;
    const spread = subtractPrice(quote.ask, quote.bid);
    const mid = proratePrice(addPrice(quote.ask, quote.bid), 1n, 2n, 'floor');
    // Compared as spread * 10,000 against limit * mid, so that nothing is rounded.
    return spread * 10_000n > policy.limits.spreadBpsMax * mid
      ? refusal('spread-too-wide', `the spread of ${intent.terms.ticker} is wider than a market order may meet`, {
          bid: formatPrice(quote.bid),
          ask: formatPrice(quote.ask),
          limitBps: policy.limits.spreadBpsMax.toString(),
        })
      : null;
  },
};

export const priceInCollar: PreTradeCheck = {
  name: 'limit price within the collar around the quote',
  codes: ['price-outside-collar'],
  applies: ENTRIES_ONLY,
  run: ({ quote, intent, policy }) => {
    const { limitPrice, side, ticker } = intent.terms;
    const reference = farSide(quote, side);
    if (limitPrice === null || reference === null) return null;
    const distance = limitPrice > reference ? limitPrice - reference : reference - limitPrice;
    return distance * 10_000n > policy.limits.collarBps * reference
      ? refusal('price-outside-collar', `the limit price of ${ticker} is too far from its quote`, {
          price: formatPrice(limitPrice),
          quote: formatPrice(reference),
          limitBps: policy.limits.collarBps.toString(),
        })
      : null;
  },
};

/** What the order would be worth at the far side of the quote, or at its own notional; null without a price. */
export function worthOf({ intent, quote }: ClearingFacts): Money | null {
  if (intent.terms.size.kind === 'notional') return intent.terms.size.notional;
  const price = intent.terms.limitPrice ?? farSide(quote, intent.terms.side);
  return price === null ? null : notionalOf(price, intent.terms.size.quantity);
}

export const fatFinger: PreTradeCheck = {
  name: 'no more shares or money than a fat finger would type',
  codes: ['fat-finger-notional', 'fat-finger-quantity', 'notional-below-minimum'],
  applies: ENTRIES_ONLY,
  run: (facts) => {
    const { limits } = facts.policy;
    const { size, ticker } = facts.intent.terms;
    const worth = worthOf(facts);
    if (size.kind === 'quantity' && absoluteQuantity(size.quantity) > limits.fatFingerQuantityMax) {
      return refusal('fat-finger-quantity', `the order of ${ticker} is for more units than the policy allows`, {
        actual: formatQuantity(size.quantity),
        limit: formatQuantity(limits.fatFingerQuantityMax),
        wouldPassAt: formatQuantity(size.quantity),
      });
    }
    if (worth === null) return null;
    if (worth > limits.fatFingerNotionalMax) {
      return refusal('fat-finger-notional', `the order of ${ticker} is worth more than the policy allows`, {
        actual: formatMoney(worth),
        limit: formatMoney(limits.fatFingerNotionalMax),
        wouldPassAt: formatMoney(worth),
      });
    }
    return worth < limits.orderNotionalMin
      ? refusal('notional-below-minimum', `the order of ${ticker} is worth less than the policy asks for`, {
          actual: formatMoney(worth),
          limit: formatMoney(limits.orderNotionalMin),
          wouldPassAt: formatMoney(worth),
        })
      : null;
  },
};
