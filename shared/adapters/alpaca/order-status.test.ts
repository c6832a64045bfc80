import { describe, expect, it } from 'vitest';
import { BROKER_STATUSES } from '#shared/core/order/broker-order.ts';
import { statusOf } from './order-status.ts';

describe('statusOf', () => {
  it.each([
    ['accepted', 'accepted'],
    ['accepted_for_bidding', 'accepted'],
    ['held', 'accepted'],
    ['pending_new', 'pending'],
    ['pending_review', 'pending'],
    ['new', 'new'],
    ['stopped', 'new'],
    ['partially_filled', 'partially_filled'],
    ['pending_cancel', 'pending_cancel'],
    ['pending_replace', 'pending_replace'],
    ['suspended', 'suspended'],
    ['done_for_day', 'done_for_day'],
    ['calculated', 'done_for_day'],
    ['filled', 'filled'],
    ['canceled', 'canceled'],
    ['expired', 'expired'],
    ['rejected', 'rejected'],
    ['replaced', 'replaced'],
  ])('reads %s as %s', (text, status) => {
    expect(statusOf(text)).toBe(status);
    expect(BROKER_STATUSES).toContain(status);
  });

  it.each(['quantum_superposed', '', 'FILLED', 'constructor'])('takes %j for open, to be looked at again', (text) => {
    expect(statusOf(text)).toBe('open-unrecognised');
  });
});
