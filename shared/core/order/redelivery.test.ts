import { describe, expect, it } from 'vitest';
import { decisionId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Order } from '#shared/core/order/order.ts';
import { generationBar, onDeadLetter, onDelivery } from '#shared/core/order/redelivery.ts';
import { LEASE_MS, refusedByBroker, resend, withdraw } from '#shared/core/order/sending.ts';
import { IN_FLIGHT_MS_MAX, mayResend } from '#shared/core/order/unknown-fate.ts';
import {
  canceling,
  claimed,
  CLAIMED_AT,
  HOLDER,
  HOUSE_STARTS,
  REASON,
  sampleIntent,
  sending,
  taken,
  told,
  units,
  unknown,
  VALID_UNTIL,
} from '#tests/order/sample-orders.ts';

const FREE = addMs(CLAIMED_AT, LEASE_MS);
const deliver = (row: Order | null, now = FREE) => onDelivery(sampleIntent(), row, 'sender-2', now);

describe('a command that is delivered', () => {
  it('claims when there is no row', () => {
    expect(deliver(null)).toEqual({ kind: 'claim' });
  });

  it('goes on with the last look of what was never sent', () => {
    expect(deliver(claimed())).toEqual({ kind: 'last-look' });
  });

  it.each([claimed, sending])('leaves an order alone while another sender is at it', (order) => {
    expect(deliver(order(), addMs(FREE, -1))).toEqual({ kind: 'busy', until: FREE });
  });

  it.each([sending, unknown])('looks for what may have been sent, and never sends it', (order) => {
    expect(deliver(order())).toEqual({ kind: 'look-up' });
  });

  it('looks for what the broker refused to take again, and leads to no other send of it', () => {
    const again = taken(resend(unknown(), HOLDER, FREE)).order;
    const answered = taken(refusedByBroker(again, refusal('broker-position-intent', 'no'), FREE)).order;
    expect(deliver(answered)).toEqual({ kind: 'look-up' });
    const facts = { duplicateGuard: true, holder: 'sender-2', now: FREE, lookupMisses: 9 };
    expect(mayResend(answered, facts)).toMatchObject({
      error: { kind: 'refused', refusal: { code: 'broker-position-intent' } },
    });
  });

  it('withdraws what was not sent and is stale or to be canceled', () => {
    expect(deliver(claimed(), VALID_UNTIL)).toMatchObject({ kind: 'withdraw', refusal: { code: 'decision-stale' } });
    expect(deliver(canceling(claimed()))).toMatchObject({ kind: 'withdraw', refusal: { code: 'cancel-requested' } });
  });

  it('is done when the broker has the order, or it has ended', () => {
    expect(deliver(told(sending(), { status: 'new' }))).toEqual({ kind: 'done' });
    for (const name of ['withdrawn', 'failed', 'rejected', 'abandoned', 'dry_run']) {
      expect(deliver(HOUSE_STARTS[name]?.() ?? null)).toEqual({ kind: 'done' });
    }
  });

  it('is a conflict when the same id comes with other terms, whatever the state', () => {
    const other = sampleIntent({ size: { kind: 'quantity', quantity: units(21) } });
    for (const row of [claimed(), sending(), told(sending(), { status: 'filled', cumulativeQuantity: units(20) })]) {
      expect(onDelivery(other, row, HOLDER, CLAIMED_AT)).toMatchObject({
        kind: 'conflict',
        refusal: { code: 'idempotency-conflict' },
      });
    }
  });
});

describe('a command that ends on the dead-letter queue', () => {
  const end = (row: Order, now = FREE) => onDeadLetter(row, REASON, now);

  it('fails what was never sent, and doubts what may have been', () => {
    expect(taken(end(claimed()) ?? { ok: false, error: 'none' }).order.state).toBe('failed');
    expect(taken(end(sending()) ?? { ok: false, error: 'none' }).order.state).toBe('unknown');
  });

  it('does nothing about an order that a sender holds, that is in doubt already, or that the broker has', () => {
    expect(end(claimed(), CLAIMED_AT)).toBeNull();
    expect(end(unknown())).toBeNull();
    expect(end(told(sending(), { status: 'new' }))).toBeNull();
  });
});

describe('generations', () => {
  const second = sampleIntent({}, { decision: { decisionId: decisionId('run-7:AAPL'), generation: 1, slice: 0 } });
  const none = { order: null, validUntil: null };

  it('lets the first one be claimed', () => {
    expect(generationBar(sampleIntent(), none, CLAIMED_AT)).toBeNull();
  });

  it('waits for the end of the one before', () => {
    const open = { order: told(sending(), { status: 'new' }), validUntil: VALID_UNTIL };
    expect(generationBar(second, open, VALID_UNTIL)).toMatchObject({ code: 'generation-not-ended' });
    const order = taken(withdraw(claimed(), refusal('kill-switch-engaged', 'no'), CLAIMED_AT)).order;
    expect(generationBar(second, { order, validUntil: null }, CLAIMED_AT)).toBeNull();
  });

  it('does not wait for one that closes and can no longer arrive', () => {
    const closing = sampleIntent({ side: 'sell', positionIntent: 'sell_to_close' }, { purpose: 'exit' });
    const lost = { order: canceling(unknown(closing)), validUntil: null };
    const over = addMs(CLAIMED_AT, IN_FLIGHT_MS_MAX);
    expect(generationBar(second, lost, addMs(over, -1))).toMatchObject({ code: 'generation-not-ended' });
    expect(generationBar(second, lost, over)).toBeNull();
    const opening = { order: canceling(unknown()), validUntil: null };
    expect(generationBar(second, opening, over)).toMatchObject({ code: 'generation-not-ended' });
  });

  it('waits for one that was never claimed until nobody can claim it', () => {
    expect(generationBar(second, none, VALID_UNTIL)).toMatchObject({ code: 'generation-not-ended' });
    const lost = { order: null, validUntil: VALID_UNTIL };
    expect(generationBar(second, lost, addMs(VALID_UNTIL, -1))).toMatchObject({ code: 'generation-not-ended' });
    expect(generationBar(second, lost, VALID_UNTIL)).toBeNull();
  });
});
