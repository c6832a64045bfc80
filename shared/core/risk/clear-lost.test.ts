import { describe, expect, it } from 'vitest';
import { parseQuantity } from '#shared/core/kernel/decimal.ts';
import { decisionId } from '#shared/core/kernel/identity.ts';
import type { ClearingFacts } from '#shared/core/risk/check.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import { NOW, sampleBook, sampleFacts, sampleIntent, sampleMark, sampleShare } from '#tests/risk/sample-facts.ts';

describe('an exit beside an order of its own decision that is lost', () => {
  const twin = sampleMark({
    side: 'sell',
    closing: true,
    remaining: parseQuantity('10'),
    decisionId: decisionId('d-1'),
    unknown: true,
  });
  const book = sampleBook({ shares: [sampleShare('10', '1000')], openOrders: [twin] });
  const lost = { lost: [twin.clientOrderId] };
  const seen = {
    bookDoubt: 'the fate of an order is not known',
    holding: { quantity: parseQuantity('10'), available: parseQuantity('6'), readAt: NOW },
  };
  const answerOf = (shares: string, changes: Partial<ClearingFacts>) => {
    const terms = { side: 'sell', positionIntent: 'sell_to_close' } as const;
    const size = { kind: 'quantity', quantity: parseQuantity(shares) } as const;
    const intent = sampleIntent({ ...terms, size }, { purpose: 'exit' });
    const cleared = clearOrder(sampleFacts({ intent, orderClass: 'reducing', book, books: [book], ...changes }));
    return cleared.ok ? 'cleared' : cleared.error.code;
  };

  it("is cleared for what the broker has available, by the broker's own position alone", () => {
    expect(answerOf('6', { ...seen, ...lost })).toBe('cleared');
    expect(answerOf('7', { ...seen, ...lost })).toBe('quantity-not-available');
    expect(answerOf('6', lost)).toBe('twin-order');
  });

  it('is refused as a twin while that may still arrive', () => {
    expect(answerOf('6', seen)).toBe('twin-order');
  });

  it('is no leave for an entry, which is a twin whatever is lost', () => {
    const entry = { intent: sampleIntent(), orderClass: 'entry' } as const;
    const buy = sampleBook({ openOrders: [{ ...twin, side: 'buy', closing: false, unknown: false }] });
    expect(answerOf('6', { ...entry, ...lost, ...seen, bookDoubt: null, book: buy, books: [buy] })).toBe('twin-order');
  });
});
