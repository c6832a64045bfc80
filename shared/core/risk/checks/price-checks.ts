/** Is there a price to trust, and is the order near it? */
import { addPrice, formatPrice, proratePrice, subtractPrice } from '#shared/core/kernel/decimal.ts';
import { msOf } from '#shared/core/kernel/instant.ts';
import { ENTRIES_ONLY, farSide, type Finding, holdTo, type PreTradeCheck, reject } from '#shared/core/risk/check.ts';

export const quoteFresh: PreTradeCheck = {
  id: 'quote-fresh',
  asks: 'somebody quotes the side that the order meets, and did so just now',
  codes: ['quote-missing', 'quote-stale'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.quoteAgeMsMax'],
  warns: false,
  run: ({ quote, intent, now, policy }) => {
    const { ticker, side } = intent.terms;
    const price = farSide(quote, side);
    if (quote === null || price === null || price <= 0n) return reject('quote-missing', `nobody quotes ${ticker}`, {});
    const ageMs = now - msOf(quote.at);
    const limit = policy.limits.quoteAgeMsMax;
    if (ageMs > limit) {
      return reject('quote-stale', `the quote of ${ticker} is ${ageMs} ms old`, {
        actual: String(ageMs),
        limit: String(limit),
        wouldPassAt: String(ageMs),
      });
    }
    // A stamp from the future proves nothing about its age.
    return -ageMs > limit
      ? reject('quote-stale', `the quote of ${ticker} is stamped ${-ageMs} ms from now`, {
          actual: String(ageMs),
          limit: String(limit),
        })
      : null;
  },
};

export const priceAboveMinimum: PreTradeCheck = {
  id: 'price-above-minimum',
  asks: 'nothing is entered below the lowest price that the policy trades at',
  codes: ['price-below-minimum'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.priceMin'],
  warns: false,
  run: ({ quote, intent, policy }) => {
    const price = intent.terms.limitPrice ?? farSide(quote, intent.terms.side);
    const limit = policy.limits.priceMin;
    return price !== null && price < limit
      ? reject('price-below-minimum', `${intent.terms.ticker} trades below the lowest price of the policy`, {
          actual: formatPrice(price),
          limit: formatPrice(limit),
          wouldPassAt: formatPrice(price),
        })
      : null;
  },
};

export const spreadNarrow: PreTradeCheck = {
  id: 'spread-narrow',
  asks: 'a market order meets no wide spread, nor a one-sided or crossed quote',
  codes: ['spread-too-wide'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.spreadBpsMax'],
  warns: true,
  run: ({ quote, intent, policy }): Finding | null => {
    if (intent.terms.type !== 'market' || quote === null) return null;
    const { ticker } = intent.terms;
    const { bid, ask } = quote;
    if (bid === null || ask === null || bid > ask) {
      return reject('spread-too-wide', `${ticker} has no sound quote on both sides`, {
        bid: bid === null ? 'none' : formatPrice(bid),
        ask: ask === null ? 'none' : formatPrice(ask),
      });
    }
    const mid = proratePrice(addPrice(ask, bid), 1n, 2n, 'ceiling');
    // Compared as spread * 10,000 against limit * mid, so that nothing is rounded.
    return holdTo<bigint>(policy, {
      code: 'spread-too-wide',
      what: `the spread of ${ticker}`,
      actual: subtractPrice(ask, bid) * 10_000n,
      limit: policy.limits.spreadBpsMax * mid,
      format: (value) => `${value / mid} bps`,
    });
  },
};

export const priceInCollar: PreTradeCheck = {
  id: 'price-in-collar',
  asks: 'a limit or stop price lies within the collar around the quote',
  codes: ['price-outside-collar'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.collarBps'],
  warns: false,
  run: ({ quote, intent, policy }) => {
    const { limitPrice, stopPrice, side, ticker } = intent.terms;
    const reference = farSide(quote, side);
    if (reference === null) return null;
    for (const price of [limitPrice, stopPrice]) {
      if (price === null) continue;
      const distance = price > reference ? price - reference : reference - price;
      if (distance * 10_000n <= policy.limits.collarBps * reference) continue;
      return reject('price-outside-collar', `a price of ${ticker} lies too far from its quote`, {
        price: formatPrice(price),
        quote: formatPrice(reference),
        limitBps: policy.limits.collarBps.toString(),
      });
    }
    return null;
  },
};
