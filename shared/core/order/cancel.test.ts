import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { cancelAction, openRemaining, replacementOf, requestCancel } from '#shared/core/order/cancel.ts';
import type { Order } from '#shared/core/order/order.ts';
import { LEASE_MS } from '#shared/core/order/sending.ts';
import {
  canceling,
  claimed,
  CLAIMED_AT,
  REASON,
  sampleIntent,
  sending,
  taken,
  told,
  units,
  unknown,
} from '#tests/order/sample-orders.ts';

const FREE = addMs(CLAIMED_AT, LEASE_MS);
const working = (): Order => told(sending(), { status: 'partially_filled', cumulativeQuantity: units(5) });
const canceled = (): Order => told(working(), { status: 'canceled', cumulativeQuantity: units(5) });

describe('asking for a cancel', () => {
  it('is written down once, and the first to ask is remembered', () => {
    const first = taken(requestCancel(working(), 'ann', REASON, CLAIMED_AT));
    expect(first.order).toMatchObject({ state: 'pending_cancel', cancelRequested: { by: 'ann', at: CLAIMED_AT } });
    expect(first.consequences.facts).toEqual([{ kind: 'cancel-requested', by: 'ann', reason: REASON }]);
    const second = taken(requestCancel(first.order, 'bob', REASON, FREE));
    expect(second).toMatchObject({ changed: false, order: { cancelRequested: { by: 'ann' } } });
  });

  it('keeps everything reserved until the broker says that the order has ended', () => {
    const { order } = taken(requestCancel(working(), 'ann', REASON, CLAIMED_AT));
    expect(order.reserved.quantity).toBe(units(15));
    const ended = told(order, { status: 'canceled', cumulativeQuantity: units(5) });
    expect(ended).toMatchObject({ state: 'canceled', reserved: { quantity: 0n }, ended: { reason: REASON } });
  });

  it('books what filled while the cancel was under way', () => {
    const order = told(canceling(working()), { status: 'filled', cumulativeQuantity: units(20) });
    expect(order).toMatchObject({ state: 'filled', filledQuantity: units(20) });
  });
});

describe('bringing a cancel about', () => {
  it.each<{ what: string; order: () => Order; now: number; action: object }>([
    { what: 'nothing was asked', order: working, now: FREE, action: { kind: 'none' } },
    {
      what: 'it has ended',
      order: () => told(canceling(working()), { status: 'canceled' }),
      now: FREE,
      action: { kind: 'none' },
    },
    {
      what: 'the broker has it',
      order: () => canceling(working()),
      now: FREE,
      action: { kind: 'call-broker', brokerOrderId: 'b-1' },
    },
    {
      what: 'a sender is at it',
      order: () => canceling(claimed()),
      now: CLAIMED_AT,
      action: { kind: 'await-sender', until: FREE },
    },
    { what: 'nothing was sent', order: () => canceling(claimed()), now: FREE, action: { kind: 'withdraw' } },
    { what: 'it may be at the broker', order: () => canceling(sending()), now: FREE, action: { kind: 'look-up' } },
    { what: 'its fate is unknown', order: () => canceling(unknown()), now: CLAIMED_AT, action: { kind: 'look-up' } },
  ])('is $action.kind when $what', ({ order, now, action }) => {
    expect(cancelAction(order(), addMs(CLAIMED_AT, now - CLAIMED_AT))).toEqual(action);
  });
});

describe('replacing an order', () => {
  const decided = {
    decidedAt: FREE,
    validUntil: addMs(FREE, 60_000),
    arrivalPrice: parsePrice('99'),
    policyVersion: 4,
    basis: { position: units(5), openQuantity: units(0) },
  };

  it('makes the next generation for what remains, once the order has ended', () => {
    const next = taken(replacementOf(canceled(), { ...decided, terms: { limitPrice: parsePrice('99') } }));
    expect(next.decision).toEqual({ ...sampleIntent().decision, generation: 1 });
    expect(next.terms).toEqual({
      ...sampleIntent().terms,
      limitPrice: parsePrice('99'),
      size: { kind: 'quantity', quantity: units(15) },
    });
    expect(next).toMatchObject({ policyVersion: 4, decidedAt: FREE });
  });

  it('waits for the end: a cancel that was asked for is none', () => {
    expect(replacementOf(canceling(working()), decided)).toEqual({ ok: false, error: 'not-ended' });
    expect(replacementOf(unknown(), decided)).toEqual({ ok: false, error: 'not-ended' });
  });

  it('has nothing to replace when all of it filled after all', () => {
    const late = told(canceled(), { status: 'canceled', cumulativeQuantity: units(20) });
    expect(replacementOf(late, decided)).toEqual({ ok: false, error: 'nothing-remains' });
  });

  it('replaces no notional order: nobody knows how many units remain', () => {
    const notional = sampleIntent({
      type: 'market',
      limitPrice: null,
      size: { kind: 'notional', notional: parseMoney('100') },
    });
    const ended = told(sending(notional), { status: 'canceled' });
    expect(openRemaining(ended)).toBeNull();
    expect(replacementOf(ended, decided)).toEqual({ ok: false, error: 'notional' });
  });

  it('never counts less than nothing as remaining', () => {
    const over = told(working(), { status: 'filled', cumulativeQuantity: units(25) });
    expect(openRemaining(over)).toBe(0n);
  });
});
