import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, clientOrderIdOf, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { type Book, emptyBook, emptyShare, withShare } from '#shared/core/portfolio/book.ts';
import { type CauseFacts, likelyCause } from './likely-cause.ts';

interface Sides {
  readonly symbol?: string;
  readonly ours: string;
  readonly broker: string;
  /** Averages of the two sides. */
  readonly at?: readonly [string, string];
  readonly foreignOrders?: boolean;
  readonly gap?: boolean;
}

function facts({
  symbol = 'KO',
  ours,
  broker,
  at = ['50', '50'],
  foreignOrders = false,
  gap = false,
}: Sides): CauseFacts {
  const name = ticker(symbol);
  const quantity = parseQuantity(ours);
  const cost = parseMoney(String(Number(ours) * Number(at[0])));
  const empty: Book = emptyBook(accountId('paper-1'), name);
  const share = { ...emptyShare(strategyId('momentum')), quantity, cost };
  return {
    difference: { ticker: name, ours: quantity, broker: parseQuantity(broker), bookVersion: 1 },
    book: { ...withShare(empty, share), gaps: gap ? [clientOrderIdOf('belay-1')] : [] },
    held: broker === '0' ? null : { ticker: name, quantity: parseQuantity(broker), averagePrice: parsePrice(at[1]) },
    foreignOrders,
  };
}

describe('the likely cause', () => {
  it.each<[string, Sides]>([
    ['split', { ours: '10', broker: '40', at: ['100', '25'] }],
    ['split', { ours: '10', broker: '40', at: ['100', '25'], foreignOrders: true }],
    ['external-trade', { ours: '10', broker: '40', at: ['100', '90'], foreignOrders: true }],
    ['missed-fill', { ours: '10', broker: '15', gap: true }],
    ['fee-in-asset', { symbol: 'BTC/USD', ours: '1', broker: '0.9975' }],
    ['stock-dividend', { ours: '100', broker: '105' }],
    ['external-trade', { ours: '100', broker: '0' }],
    ['transfer', { ours: '100', broker: '60' }],
    ['transfer', { ours: '0', broker: '60' }],
    ['transfer', { ours: '100', broker: '111' }],
    ['transfer', { symbol: 'BTC/USD', ours: '1', broker: '0.99' }],
  ])('is %s for %o', (cause, sides) => {
    expect(likelyCause(facts(sides))).toBe(cause);
  });
});
