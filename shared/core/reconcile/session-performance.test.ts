import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { accountId, executionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import type { Order, OrderTerms } from '#shared/core/order/order.ts';
import { emptyBook, emptyShare, withShare } from '#shared/core/portfolio/book.ts';
import { sampleIntent, sending, told, units } from '#tests/order/sample-orders.ts';
import { performanceOf, slippageOf } from './session-performance.ts';

const AT = epochNs(1_700_000_002_000_000_000n);
/** Its arrival price is 100. */
const ended = (price: string, terms: Partial<OrderTerms> = {}): Order =>
  told(sending(sampleIntent(terms)), {
    status: 'filled',
    cumulativeQuantity: units(20),
    execution: {
      id: executionId('x'),
      quantity: units(20),
      price: parsePrice(price),
      at: AT,
      kind: 'fill',
      previousExecutionId: null,
    },
  });
const sell = { side: 'sell', positionIntent: 'sell_to_close', strategyId: strategyId('other') } as const;

describe('slippage', () => {
  it('costs what was bought dearer or sold cheaper than at the arrival', () => {
    expect(slippageOf(ended('100.5'))).toBe(parseMoney('10'));
    expect(slippageOf(ended('99.5'))).toBe(parseMoney('-10'));
    expect(slippageOf(ended('99.5', sell))).toBe(parseMoney('10'));
    expect(slippageOf(sending())).toBe(ZERO_MONEY);
  });
});

describe('a session', () => {
  it('is what was earned between its ends, and what it cost', () => {
    const KO = ticker('KO');
    const share = { ...emptyShare(strategyId('momentum')), quantity: parseQuantity('2'), cost: parseMoney('100') };
    const book = withShare(emptyBook(accountId('paper-1'), KO), { ...share, realizedProfit: parseMoney('30') });
    const performance = performanceOf({
      start: { cash: parseMoney('1000'), equity: parseMoney('1100'), realizedProfit: parseMoney('10') },
      end: {
        cash: parseMoney('998'),
        equity: parseMoney('1130'),
        realizedProfit: parseMoney('30'),
        expectedCash: parseMoney('1000'),
      },
      books: [book],
      marks: new Map([[KO, parsePrice('60')]]),
      ended: [ended('100.5'), ended('99', sell)],
    });
    expect(performance).toMatchObject({
      equityStart: parseMoney('1100'),
      equityEnd: parseMoney('1130'),
      cashStart: parseMoney('1000'),
      cashEnd: parseMoney('998'),
      realizedProfit: parseMoney('20'),
      unrealizedProfit: parseMoney('20'),
      unvalued: 0,
      slippage: parseMoney('30'),
      fees: parseMoney('2'),
      strategies: [{ strategyId: 'momentum', realized: parseMoney('30'), slippage: parseMoney('10') }],
      symbols: [{ ticker: 'KO', unrealized: parseMoney('20') }],
    });
  });
});
