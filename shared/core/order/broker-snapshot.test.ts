import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, clientOrderIdOf, ticker } from '#shared/core/kernel/identity.ts';
import { parseEpochNs } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import {
  adoptOrphan,
  mismatchRefusal,
  termsMismatches,
  updateFromSnapshot,
} from '#shared/core/order/broker-snapshot.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import { CLIENT_ORDER_ID, RECEIVED_AT, sampleIntent, sampleTerms, sending, units } from '#tests/order/sample-orders.ts';

const found = (changes: Partial<BrokerOrder> = {}): BrokerOrder => ({
  brokerOrderId: brokerOrderId('b-1'),
  clientOrderId: CLIENT_ORDER_ID,
  ticker: ticker('AAPL'),
  side: 'buy',
  type: 'limit',
  timeInForce: 'day',
  positionIntent: 'buy_to_open',
  quantity: units(20),
  notional: null,
  limitPrice: parsePrice('101'),
  stopPrice: null,
  status: 'partially_filled',
  statusText: 'partially_filled',
  filledQuantity: units(5),
  filledAveragePrice: parsePrice('100'),
  submittedAt: parseEpochNs('2023-11-14T22:13:20.5Z'),
  updatedAt: parseEpochNs('2023-11-14T22:13:21.5Z'),
  replacedBy: null,
  ...changes,
});

describe('an order of ours found at the broker', () => {
  it('differs in nothing when it is the one that was to be placed', () => {
    expect(termsMismatches(sending(), found())).toEqual([]);
  });

  it.each<{ field: string; changes: Partial<BrokerOrder> }>([
    { field: 'client-order-id', changes: { clientOrderId: 'another' } },
    { field: 'client-order-id', changes: { clientOrderId: null } },
    { field: 'symbol', changes: { ticker: ticker('MSFT') } },
    { field: 'side', changes: { side: 'sell' } },
    { field: 'quantity', changes: { quantity: units(21) } },
    { field: 'quantity', changes: { quantity: null } },
    { field: 'notional', changes: { notional: parseMoney('5') } },
    { field: 'type', changes: { type: 'market' } },
    { field: 'type', changes: { type: null } },
    { field: 'time-in-force', changes: { timeInForce: 'gtc' } },
    { field: 'time-in-force', changes: { timeInForce: null } },
    { field: 'limit-price', changes: { limitPrice: parsePrice('101.01') } },
    { field: 'limit-price', changes: { limitPrice: null } },
    { field: 'stop-price', changes: { stopPrice: parsePrice('90') } },
    { field: 'position-intent', changes: { positionIntent: 'buy_to_close' } },
  ])('is not ours when its $field differs', ({ field, changes }) => {
    const mismatches = termsMismatches(sending(), found(changes));
    expect(mismatches.map((mismatch) => mismatch.field)).toEqual([field]);
    expect(mismatchRefusal(mismatches)).toMatchObject({
      code: 'broker-duplicate-mismatch',
      context: { [field]: expect.anything() },
    });
  });

  it('may keep the position intent to itself', () => {
    expect(termsMismatches(sending(), found({ positionIntent: null }))).toEqual([]);
  });

  it('may tell the units of a notional order as it comes to know them', () => {
    const order = sending(
      sampleIntent({ type: 'market', limitPrice: null, size: { kind: 'notional', notional: parseMoney('100') } }),
    );
    const theirs = { type: 'market', limitPrice: null, notional: parseMoney('100') } as const;
    expect(termsMismatches(order, found({ ...theirs, quantity: null }))).toEqual([]);
    expect(termsMismatches(order, found({ ...theirs, quantity: units(1) }))).toEqual([]);
    expect(termsMismatches(order, found({ ...theirs, notional: parseMoney('99') }))).toHaveLength(1);
  });
});

describe('a broker’s order object as news', () => {
  it('tells status and quantity at the time of its last change, and no execution', () => {
    expect(updateFromSnapshot(found(), 'reconciliation', RECEIVED_AT)).toEqual({
      source: 'reconciliation',
      clientOrderId: CLIENT_ORDER_ID,
      brokerOrderId: 'b-1',
      status: 'partially_filled',
      cumulativeQuantity: units(5),
      averagePrice: parsePrice('100'),
      execution: null,
      brokerTime: parseEpochNs('2023-11-14T22:13:21.5Z'),
      receivedAt: RECEIVED_AT,
      detail: null,
    });
  });

  it('takes no foreign text for a client order id, and the time of submission where no other is told', () => {
    const update = updateFromSnapshot(found({ clientOrderId: 'their-own', updatedAt: null }), 'stream', RECEIVED_AT);
    expect(update.clientOrderId).toBeNull();
    expect(update.brokerTime).toBe(parseEpochNs('2023-11-14T22:13:20.5Z'));
  });
});

describe('an orphan with our mark', () => {
  const adopt = (changes: Partial<BrokerOrder> = {}) =>
    adoptOrphan(sampleIntent(), reservationFor(sampleTerms(), parsePrice('103')), found(changes), RECEIVED_AT);

  it('is taken into the books as it stands, under its own id, with a fact of its adoption', () => {
    const { order, consequences } = adopt();
    expect(order).toMatchObject({ state: 'partially_filled', version: 1, brokerOrderId: 'b-1', lease: null });
    expect(consequences.facts.map((fact) => fact.kind)).toEqual(['adopted', 'acknowledged', 'partially-filled']);
    expect(order.journalSequence).toBe(3);
    expect(consequences.book.position).toBe(units(5));
    expect(consequences.released.quantity).toBe(-units(15));
    expect(consequences.followUps).toContainEqual({ kind: 'backfill', gapQuantity: units(5) });
  });

  it('keeps the id that the broker knows it by, even where its decision could not be restored', () => {
    const theirs = clientOrderIdOf('belay-00000000000000000000000000000000');
    expect(adopt({ clientOrderId: theirs }).order.clientOrderId).toBe(theirs);
  });

  it('takes no foreign text for its id', () => {
    for (const theirs of ['their-own', null])
      expect(adopt({ clientOrderId: theirs }).order.clientOrderId).toBe(CLIENT_ORDER_ID);
  });

  it('reserves nothing for one that has ended', () => {
    const { order, consequences } = adopt({ status: 'canceled' });
    expect(order).toMatchObject({ state: 'canceled', reserved: { quantity: 0n, money: 0n } });
    expect(consequences.released).toEqual({ quantity: 0n, money: 0n });
  });
});
