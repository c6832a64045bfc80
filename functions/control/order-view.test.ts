import { describe, expect, it } from 'vitest';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { refusedByBroker, resend } from '#shared/core/order/sending.ts';
import { CLAIMED_AT, HOLDER, REASON, taken, told, units, unknown } from '#tests/order/sample-orders.ts';
import { orderView } from './order-view.ts';

describe('the reason that an order is shown with', () => {
  const again = taken(resend(unknown(), HOLDER, CLAIMED_AT)).order;
  const answered = taken(refusedByBroker(again, refusal('broker-position-intent', 'it is flat'), CLAIMED_AT)).order;
  const reasonOf = (order: typeof answered) => orderView(order, false).reason?.code ?? null;

  it('is why nobody knows its fate, and once the broker has answered a repetition, that answer', () => {
    expect(reasonOf(unknown())).toBe(REASON.code);
    expect(reasonOf(answered)).toBe('broker-position-intent');
  });

  it('is none of it once the order turned up', () => {
    expect(reasonOf(told(answered, { status: 'new' }))).toBeNull();
    expect(reasonOf(told(answered, { status: 'filled', cumulativeQuantity: units(20) }))).toBeNull();
  });
});
