import { describe, expect, it } from 'vitest';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import { executionId } from '#shared/core/kernel/identity.ts';
import { addMs, epochMs, epochNs } from '#shared/core/kernel/instant.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import { markTaken, resend } from '#shared/core/order/sending.ts';
import { CLAIMED_AT, HOLDER, REASON, sending, taken, told, units, unknown } from '#tests/order/sample-orders.ts';
import { gapSpan, mergeSpans } from './gaps.ts';

const NOW = addMs(CLAIMED_AT, 600_000);
const second = (count: number) => epochNs(BigInt(CLAIMED_AT + count * 1_000) * 1_000_000n);

const fill = (from: number, to: number, atSecond: number): Partial<OrderUpdate> => ({
  cumulativeQuantity: units(to),
  brokerTime: second(atSecond),
  execution: {
    id: executionId(`x-${to}`),
    quantity: units(to - from),
    price: parsePrice('100'),
    at: second(atSecond),
    kind: 'fill',
    previousExecutionId: null,
  },
});
const sighting = (to: number, atSecond: number): Partial<OrderUpdate> => ({
  cumulativeQuantity: units(to),
  brokerTime: second(atSecond),
  status: 'partially_filled',
});

describe('the span of a gap', () => {
  it('is none where every execution is known', () => {
    expect(gapSpan(told(sending(), fill(0, 5, 10)), NOW)).toBeNull();
  });

  it('lies between the executions around it', () => {
    const order = told(sending(), fill(0, 5, 10), fill(8, 10, 30));
    expect(gapSpan(order, NOW)).toEqual({ after: addMs(CLAIMED_AT, 9_999), until: addMs(CLAIMED_AT, 35_000) });
  });

  it('begins with the order where the first execution is missing, and ends with what was sighted', () => {
    const order = told(sending(), sighting(4, 20));
    expect(gapSpan(order, NOW)).toEqual({ after: addMs(CLAIMED_AT, -5_000), until: addMs(CLAIMED_AT, 25_000) });
  });

  it('begins with the first attempt that may have arrived, however late the order was sent again', () => {
    const again = taken(resend(unknown(), HOLDER, addMs(CLAIMED_AT, 120_000))).order;
    const found = told(taken(markTaken(again, REASON, addMs(CLAIMED_AT, 120_000))).order, sighting(4, 20));
    expect(gapSpan(found, NOW)).toEqual({ after: addMs(CLAIMED_AT, -5_000), until: addMs(CLAIMED_AT, 25_000) });
  });

  it('reaches over all gaps', () => {
    const order = told(sending(), fill(2, 5, 10), fill(8, 10, 30), sighting(12, 40));
    expect(gapSpan(order, NOW)).toEqual({ after: addMs(CLAIMED_AT, -5_000), until: addMs(CLAIMED_AT, 45_000) });
  });

  it('is the whole life of an order whose sources contradict each other', () => {
    const other = fill(0, 5, 10);
    const order = told(sending(), fill(0, 5, 10), {
      ...other,
      execution:
        other.execution === undefined || other.execution === null
          ? null
          : { ...other.execution, price: parsePrice('9') },
    });
    expect(order.contradicted).toBe(true);
    expect(gapSpan(order, NOW)).toEqual({ after: addMs(CLAIMED_AT, -5_000), until: addMs(NOW, 5_000) });
  });
});

describe('spans', () => {
  const span = (after: number, until: number) => ({ after: epochMs(after), until: epochMs(until) });

  it('that touch are read as one', () => {
    expect(mergeSpans([span(50, 60), span(10, 20), span(15, 30), span(29, 40), span(40, 45)])).toEqual([
      span(10, 40),
      span(40, 45),
      span(50, 60),
    ]);
    expect(mergeSpans([span(10, 100), span(20, 30)])).toEqual([span(10, 100)]);
    expect(mergeSpans([])).toEqual([]);
  });
});
