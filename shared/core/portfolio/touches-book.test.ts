import { describe, expect, it } from 'vitest';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import { executionId } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochNs } from '#shared/core/kernel/instant.ts';
import { advance } from '#shared/core/order/advance.ts';
import { requestCancel } from '#shared/core/order/cancel.ts';
import { isOpen, type Order, type OrderUpdate } from '#shared/core/order/order.ts';
import { lastLook, markUnknown, resend, throttled, withdraw } from '#shared/core/order/sending.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { bookStep } from '#shared/core/portfolio/book-order.ts';
import { type Book, emptyBook, exposureOf } from '#shared/core/portfolio/book.ts';
import {
  CLAIMED_AT,
  HOLDER,
  HOUSE_STARTS,
  news,
  REASON,
  RECEIVED_AT,
  told,
  units,
} from '#tests/order/sample-orders.ts';
import { touchesBook } from './touches-book.ts';

const ON = calendarDate('2026-03-09');

/** What a book of the order would look like: marked by a step that changes nothing else of it. */
function bookOf(order: Order): Book {
  const { accountId, ticker } = order.intent.terms;
  const marking = advance({ ...order, evidence: [] }, news(order, { status: 'new' }));
  const step: Step = { ...marking, order, consequences: { ...marking.consequences, followUps: [] } };
  return bookStep(emptyBook(accountId, ticker), step, ON, CLAIMED_AT).book;
}

const execution = (quantity: number): Partial<OrderUpdate> => ({
  cumulativeQuantity: units(quantity),
  execution: {
    id: executionId(`x-${quantity}`),
    quantity: units(quantity),
    price: parsePrice('100'),
    at: epochNs(1_700_000_002_000_000_000n),
    kind: 'fill',
    previousExecutionId: null,
  },
});

const NEWS: Readonly<Record<string, Partial<OrderUpdate>>> = {
  accepted: { status: 'accepted' },
  new: { status: 'new' },
  'pending cancel': { status: 'pending_cancel' },
  'a part filled': { status: 'partially_filled', ...execution(5) },
  'units filled whose execution is unknown': { status: 'partially_filled', cumulativeQuantity: units(5) },
  filled: { status: 'filled', ...execution(20) },
  canceled: { status: 'canceled' },
  rejected: { status: 'rejected' },
};

const HOUSE_STEPS: Readonly<Record<string, (order: Order) => Step | null>> = {
  'last look': (order) => valueOf(lastLook(order, HOLDER, CLAIMED_AT)),
  resend: (order) => valueOf(resend(order, HOLDER, CLAIMED_AT)),
  throttled: (order) => valueOf(throttled(order, CLAIMED_AT)),
  doubt: (order) => valueOf(markUnknown(order, REASON, CLAIMED_AT)),
  withdraw: (order) => valueOf(withdraw(order, refusal('decision-stale', 'no'), CLAIMED_AT)),
  'cancel request': (order) => valueOf(requestCancel(order, 'operator', REASON, CLAIMED_AT)),
};

const valueOf = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T | null =>
  result.ok ? result.value : null;

const starts: readonly (readonly [string, Order])[] = Object.entries(HOUSE_STARTS).flatMap(([name, make]) => [
  [name, make()] as const,
  ...Object.entries(NEWS).map(([what, update]) => [`${name}, then ${what}`, told(make(), update)] as const),
]);

const steps = starts.flatMap(([name, order]) => [
  ...Object.entries(NEWS).map(([what, update]) => [name, what, order, advance(order, news(order, update))] as const),
  ...Object.entries(HOUSE_STEPS).map(([what, take]) => [name, what, order, take(order)] as const),
]);

describe('a step that does not touch the book', () => {
  it('leaves book and exposure exactly as they are, from every start and by every step', () => {
    const untouched = steps.filter(([, , order, step]) => step !== null && step.changed && !touchesBook(order, step));
    expect(untouched.length).toBeGreaterThan(50);
    for (const [, , order, step] of untouched) {
      if (step === null) continue;
      const book = bookOf(order);
      const stepped = bookStep(book, step, ON, RECEIVED_AT);
      expect(stepped.book).toEqual(book);
      expect(stepped.shareAfter).toEqual(stepped.shareBefore);
      expect(exposureOf(stepped.book)).toBe(exposureOf(book));
      expect(isOpen(step.order)).toBe(isOpen(order));
    }
  });

  it('is none that moves units, money or a reservation, ends the order, or puts it in doubt', () => {
    const touching = (start: string, what: string): boolean => {
      const found = steps.find(([name, by]) => name === start && by === what);
      if (found === undefined || found[3] === null) throw new Error(`there is no step ${what} from ${start}`);
      return touchesBook(found[2], found[3]);
    };
    for (const what of ['a part filled', 'filled', 'canceled', 'rejected', 'doubt']) {
      expect([what, touching('sending', what)]).toEqual([what, true]);
    }
    for (const what of ['new', 'pending cancel', 'throttled', 'cancel request']) {
      expect([what, touching('sending', what)]).toEqual([what, false]);
    }
    expect(touching('claimed', 'last look')).toBe(false);
    expect(touching('unknown', 'resend')).toBe(true);
    expect(touching('unknown', 'new')).toBe(true);
    expect(touching('sending, then units filled whose execution is unknown', 'a part filled')).toBe(true);
  });
});
