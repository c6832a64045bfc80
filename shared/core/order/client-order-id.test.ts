import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { accountId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { clientOrderIdFor, isOwnClientOrderId, payloadHashOf } from '#shared/core/order/client-order-id.ts';
import type { DecisionRef, OrderTerms } from '#shared/core/order/order.ts';
import { sampleTerms, units } from '#tests/order/sample-orders.ts';

const DECISION: DecisionRef = { decisionId: decisionId('run-7:AAPL'), generation: 0, slice: 0 };

describe('client order ids', () => {
  it('stays what it was: rows and broker orders of the past are found by it', () => {
    expect(clientOrderIdFor(sampleTerms(), DECISION)).toBe('belay-1p5xcfjr848bzxt5bm08hqm7cx1mwm0y');
  });

  it('is the same for the same decision, whatever its terms', () => {
    const terms = sampleTerms({ size: { kind: 'quantity', quantity: units(3) }, type: 'market', limitPrice: null });
    expect(clientOrderIdFor(terms, DECISION)).toBe(clientOrderIdFor(sampleTerms(), DECISION));
  });

  it.each<{ part: string; terms: Partial<OrderTerms>; decision: Partial<DecisionRef> }>([
    { part: 'account', terms: { accountId: accountId('paper-2') }, decision: {} },
    { part: 'strategy', terms: { strategyId: strategyId('other') }, decision: {} },
    { part: 'symbol', terms: { ticker: ticker('MSFT') }, decision: {} },
    { part: 'side', terms: { side: 'sell' }, decision: {} },
    { part: 'decision', terms: {}, decision: { decisionId: decisionId('run-8:AAPL') } },
    { part: 'generation', terms: {}, decision: { generation: 1 } },
    { part: 'slice', terms: {}, decision: { slice: 1 } },
  ])('differs with the $part', ({ terms, decision }) => {
    const other = clientOrderIdFor(sampleTerms(terms), { ...DECISION, ...decision });
    expect(other).not.toBe(clientOrderIdFor(sampleTerms(), DECISION));
  });

  it('is at most 48 characters, ours by its look, and never the same for two decisions', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(
        fc.record({
          id: fc.stringMatching(/^[A-Za-z0-9:._-]{1,96}$/),
          generation: fc.nat(50),
          slice: fc.nat(50),
          side: fc.constantFrom('buy', 'sell'),
        }),
        ({ id, generation, slice, side }) => {
          const made = clientOrderIdFor(sampleTerms({ side }), { decisionId: decisionId(id), generation, slice });
          expect(made.length).toBeLessThanOrEqual(48);
          expect(isOwnClientOrderId(made)).toBe(true);
          const decision = JSON.stringify([id, generation, slice, side]);
          expect(seen.get(made) ?? decision).toBe(decision);
          seen.set(made, decision);
        },
      ),
      { seed: 20_261_121, numRuns: 500 },
    );
  });

  it.each([
    '',
    'belay-',
    'belay-short',
    '5680c4bc-9ac1-4a12-a44c-df427ba53032',
    'x-belay-1p5xcfjr848bzxt5bm08hqm7cx1mwm0y',
  ])('knows that "%s" is not ours', (text) => {
    expect(isOwnClientOrderId(text)).toBe(false);
  });
});

describe('payload hashes', () => {
  const base = payloadHashOf(sampleTerms(), DECISION);

  it.each<{ part: string; terms: Partial<OrderTerms> }>([
    { part: 'quantity', terms: { size: { kind: 'quantity', quantity: units(21) } } },
    { part: 'notional', terms: { size: { kind: 'notional', notional: parseMoney('20') } } },
    { part: 'type', terms: { type: 'stop_limit' } },
    { part: 'time in force', terms: { timeInForce: 'gtc' } },
    { part: 'position intent', terms: { positionIntent: 'buy_to_close' } },
    { part: 'limit price', terms: { limitPrice: parsePrice('101.01') } },
    { part: 'stop price', terms: { stopPrice: parsePrice('90') } },
  ])('differs with the $part', ({ terms }) => {
    expect(payloadHashOf(sampleTerms(terms), DECISION)).not.toBe(base);
  });

  it('is the same for the same terms, built in any order', () => {
    const { side, ...rest } = sampleTerms();
    expect(payloadHashOf({ side, ...rest }, { ...DECISION })).toBe(base);
  });

  it('tells 20 units from 20 of money', () => {
    const quantity = payloadHashOf(sampleTerms({ size: { kind: 'quantity', quantity: units(20) } }), DECISION);
    const notional = payloadHashOf(
      sampleTerms({ size: { kind: 'notional', notional: parseMoney('0.00000002') } }),
      DECISION,
    );
    expect(quantity).not.toBe(notional);
  });
});
