import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { accountId, brokerOrderId, MANUAL, ticker } from '#shared/core/kernel/identity.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { CLAIMED_AT, RECEIVED_AT, sampleIntent } from '#tests/order/sample-orders.ts';
import { adoptedIntent, type AdoptionFacts, adoptionPrice, claimedIdOf, isAdopted } from './adoption.ts';

const ACCOUNT = accountId('paper-1');
const found: BrokerOrder = {
  brokerOrderId: brokerOrderId('b-1'),
  clientOrderId: 'somebody-else',
  ticker: ticker('KO'),
  side: 'sell',
  type: null,
  timeInForce: null,
  positionIntent: null,
  quantity: parseQuantity('3'),
  notional: null,
  limitPrice: null,
  stopPrice: null,
  status: 'new',
  statusText: 'new',
  filledQuantity: ZERO_QUANTITY,
  filledAveragePrice: null,
  submittedAt: null,
  updatedAt: null,
  replacedBy: null,
};
const facts = (changes: Partial<AdoptionFacts> = {}): AdoptionFacts => ({
  accountId: ACCOUNT,
  found,
  record: null,
  position: ZERO_QUANTITY,
  price: parsePrice('60'),
  policyVersion: 3,
  now: RECEIVED_AT,
  ...changes,
});

describe('an adopted order', () => {
  it('is of "manual", is never sent again, and has an id that follows from the broker\'s', () => {
    const intent = adoptedIntent(facts());
    expect(intent).toMatchObject({ purpose: 'manual', validUntil: RECEIVED_AT, terms: { strategyId: MANUAL } });
    expect(isAdopted({ intent })).toBe(true);
    expect(clientOrderIdFor(intent.terms, intent.decision)).toBe(claimedIdOf(ACCOUNT, found));
    expect(claimedIdOf(ACCOUNT, { ...found, brokerOrderId: brokerOrderId('b-2') })).not.toBe(
      claimedIdOf(ACCOUNT, found),
    );
  });

  it.each([
    ['sell', '5', 'sell_to_close'],
    ['sell', '0', 'sell_to_open'],
    ['sell', '-5', 'sell_to_open'],
    ['buy', '-5', 'buy_to_close'],
    ['buy', '5', 'buy_to_open'],
  ] as const)('that would %s with %s held is to %s', (side, position, positionIntent) => {
    const given = facts({ found: { ...found, side }, position: parseQuantity(position) });
    expect(adoptedIntent(given).terms.positionIntent).toBe(positionIntent);
    expect(adoptedIntent(facts({ found: { ...found, positionIntent: 'buy_to_open' } })).terms.positionIntent).toBe(
      'buy_to_open',
    );
  });

  it('takes its size as the broker tells it, and one unit where it tells none', () => {
    const sizeOf = (changes: Partial<BrokerOrder>) =>
      adoptedIntent(facts({ found: { ...found, ...changes } })).terms.size;
    expect(sizeOf({})).toEqual({ kind: 'quantity', quantity: parseQuantity('3') });
    expect(sizeOf({ quantity: null, notional: parseMoney('50') })).toEqual({
      kind: 'notional',
      notional: parseMoney('50'),
    });
    expect(sizeOf({ quantity: null, filledQuantity: parseQuantity('2') })).toEqual({
      kind: 'quantity',
      quantity: parseQuantity('2'),
    });
    expect(sizeOf({ quantity: null })).toEqual({ kind: 'quantity', quantity: parseQuantity('1') });
  });

  it('reserves at its own price where it has one', () => {
    const priceOf = (changes: Partial<BrokerOrder>) => adoptionPrice(facts({ found: { ...found, ...changes } }));
    expect(priceOf({})).toBe(parsePrice('60'));
    expect(priceOf({ filledAveragePrice: parsePrice('59') })).toBe(parsePrice('59'));
    expect(priceOf({ stopPrice: parsePrice('58'), filledAveragePrice: parsePrice('59') })).toBe(parsePrice('58'));
    expect(priceOf({ limitPrice: parsePrice('57'), stopPrice: parsePrice('58') })).toBe(parsePrice('57'));
  });

  it('has the decision that the journal remembers', () => {
    const { terms, decision, purpose, runId, policyVersion, correlationId } = sampleIntent();
    const record = { terms, decision, purpose, runId, policyVersion, correlationId, claimedAt: CLAIMED_AT };
    const intent = adoptedIntent(facts({ record }));
    expect(intent).toMatchObject({ terms, decision, purpose, policyVersion, decidedAt: CLAIMED_AT });
    expect(intent.validUntil).toBe(RECEIVED_AT);
    expect(isAdopted({ intent })).toBe(false);
  });
});
