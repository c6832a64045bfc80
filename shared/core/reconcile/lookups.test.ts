import { describe, expect, it } from 'vitest';
import { addMs, epochMs } from '#shared/core/kernel/instant.ts';
import { LEASE_MS } from '#shared/core/order/sending.ts';
import { CLAIMED_AT, claimed, sending, told, unknown } from '#tests/order/sample-orders.ts';
import { ordersToLookUp } from './lookups.ts';
import { windowStart } from './news-window.ts';

const LATER = addMs(CLAIMED_AT, LEASE_MS);
const NOBODY: ReadonlySet<string> = new Set();

describe('orders to look up', () => {
  it('are those that may be at the broker and that no list showed', () => {
    const working = told(sending(), { status: 'new' });
    for (const order of [unknown(), working, sending()]) {
      expect(ordersToLookUp([order], NOBODY, LATER)).toEqual([order]);
      expect(ordersToLookUp([order], new Set([order.clientOrderId]), LATER)).toEqual([]);
    }
  });

  it('are none that was never sent, is being sent, or has ended', () => {
    expect(ordersToLookUp([claimed()], NOBODY, LATER)).toEqual([]);
    expect(ordersToLookUp([sending()], NOBODY, addMs(LATER, -1))).toEqual([]);
    expect(ordersToLookUp([told(sending(), { status: 'canceled' })], NOBODY, LATER)).toEqual([]);
  });
});

describe('the window', () => {
  const now = epochMs(100_000_000);

  it('lies a quarter of an hour behind the mark, however long ago that is', () => {
    expect(windowStart(addMs(now, -60_000), now)).toBe(addMs(now, -960_000));
    expect(windowStart(addMs(now, -90_000_000), now)).toBe(addMs(now, -90_900_000));
  });

  it('is a day where nothing was seen yet, and never begins in the future', () => {
    expect(windowStart(epochMs(0), now)).toBe(addMs(now, -86_400_000));
    expect(windowStart(addMs(now, 60_000), now)).toBe(addMs(now, -900_000));
  });
});
