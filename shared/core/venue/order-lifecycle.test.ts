import { describe, expect, it } from 'vitest';
import { TRANSITIONS, hasEnded, isCancelable, isWorking, mayMove } from './order-lifecycle.ts';
import { ORDER_STATUSES } from './venue-order.ts';

describe('the table of statuses', () => {
  it('has a row for each status, and leads nowhere from the ends', () => {
    expect(Object.keys(TRANSITIONS).toSorted()).toEqual(ORDER_STATUSES.toSorted());
    const ends = ORDER_STATUSES.filter(hasEnded);
    expect(ends).toEqual(['filled', 'canceled', 'expired', 'rejected', 'replaced']);
    expect(ends.flatMap((status) => TRANSITIONS[status])).toEqual([]);
  });

  it('lets a status be kept, and nothing go back from working to waiting', () => {
    expect(ORDER_STATUSES.every((status) => mayMove(status, status))).toBe(true);
    expect(mayMove('new', 'pending_new')).toBe(false);
    expect(mayMove('new', 'accepted')).toBe(false);
    expect(mayMove('pending_cancel', 'new')).toBe(true);
    expect(mayMove('canceled', 'filled')).toBe(false);
  });

  it('takes a cancel in every status that is open, but for a replacement on its way and a stopped order', () => {
    const refused = ORDER_STATUSES.filter((status) => !hasEnded(status) && !isCancelable(status));
    expect(refused).toEqual(['stopped', 'pending_replace']);
  });

  it('fills working orders only', () => {
    expect(ORDER_STATUSES.filter(isWorking)).toEqual(['new', 'partially_filled', 'stopped', 'pending_cancel']);
  });
});
