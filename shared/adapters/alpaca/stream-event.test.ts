import { describe, expect, it } from 'vitest';
import { formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { IncompleteExecution, orderUpdateOf, tradeUpdate } from './stream-event.ts';

const OURS = `belay-${'0'.repeat(32)}`;
const ORDER = {
  id: 'a5be8f5e-0000-4000-8000-000000000000',
  client_order_id: OURS,
  status: 'partially_filled',
  filled_qty: '10',
  filled_avg_price: '105.5',
  qty: '20',
  symbol: 'AAPL',
  side: 'buy',
  updated_at: '2022-04-19T17:45:06Z',
};
const FILL = {
  event: 'partial_fill',
  execution_id: 'e-1',
  price: '105.8988475',
  qty: '4',
  position_qty: '10',
  timestamp: '2022-04-19T17:45:05.024916716Z',
  order: ORDER,
};
const NOW = epochMs(1_650_000_000_000);

const updateOf = (data: unknown) => orderUpdateOf(tradeUpdate.parse(data), NOW);

describe('orderUpdateOf', () => {
  it('tells a fill with its own price and quantity, and the order’s sum after it', () => {
    const update = updateOf(FILL);
    expect(update).toMatchObject({
      source: 'stream',
      clientOrderId: OURS,
      brokerOrderId: ORDER.id,
      status: 'partially_filled',
      brokerTime: 1650390305024916716n,
      receivedAt: NOW,
      detail: null,
    });
    expect(update.cumulativeQuantity === null ? '' : formatQuantity(update.cumulativeQuantity)).toBe('10');
    expect(update.execution).toMatchObject({
      id: 'e-1',
      kind: 'fill',
      previousExecutionId: null,
      at: update.brokerTime,
    });
    expect(update.execution === null ? '' : formatQuantity(update.execution.quantity)).toBe('4');
    expect(update.execution === null ? '' : formatPrice(update.execution.price)).toBe('105.8988475');
  });

  it('tells a bust with what it undoes, its minus taken off', () => {
    const bust = { ...FILL, event: 'trade_bust', qty: '-4', execution_id: 'e-2', previous_execution_id: 'e-1' };
    const update = updateOf({ ...bust, order: { ...ORDER, status: 'filled', filled_qty: '0' } });
    expect(update).toMatchObject({ status: 'filled', cumulativeQuantity: 0n });
    expect(update.execution).toMatchObject({ kind: 'bust', id: 'e-2', previousExecutionId: 'e-1' });
    expect(update.execution === null ? '' : formatQuantity(update.execution.quantity)).toBe('4');
  });

  it('tells a correction with what it restates', () => {
    const update = updateOf({ ...FILL, event: 'trade_correct', previous_execution_id: 'e-0' });
    expect(update.execution).toMatchObject({ kind: 'correct', previousExecutionId: 'e-0' });
  });

  it.each([
    'accepted',
    'pending_new',
    'new',
    'held',
    'stopped',
    'suspended',
    'calculated',
    'restated',
    'canceled',
    'expired',
    'rejected',
    'replaced',
    'done_for_day',
    'pending_cancel',
    'pending_replace',
    'order_cancel_rejected',
    'order_replace_rejected',
  ])('takes the status of %s from the order, and no execution even where an execution id is told', (event) => {
    const update = updateOf({
      event,
      execution_id: 'e-9',
      timestamp: FILL.timestamp,
      order: { ...ORDER, status: 'new' },
    });
    expect(update).toMatchObject({ status: 'new', execution: null, detail: null });
  });

  it('makes an order of an event that it does not know one to look at again, whatever its status says', () => {
    const update = updateOf({ ...FILL, event: 'teleported', order: { ...ORDER, status: 'filled' } });
    expect(update).toMatchObject({
      status: 'open-unrecognised',
      execution: null,
      detail: 'unknown event teleported with status filled',
    });
  });

  it('makes an order of a status that it does not know one to look at again', () => {
    expect(updateOf({ ...FILL, order: { ...ORDER, status: 'wobbly' } }).status).toBe('open-unrecognised');
  });

  it('tells why an order was rejected, where the broker says so', () => {
    const order = { ...ORDER, status: 'rejected' };
    expect(updateOf({ event: 'rejected', reject_reason: 'halted', order }).detail).toBe('halted');
    expect(updateOf({ event: 'rejected', reason: 'halted', order }).detail).toBe('halted');
  });

  it('names no client order id of somebody else', () => {
    for (const id of ['5680c4bc-9ac1-4a12-a44c-df427ba53032', 'with blanks and more than fits '.repeat(4), null]) {
      expect(updateOf({ ...FILL, order: { ...ORDER, client_order_id: id } }).clientOrderId).toBeNull();
    }
  });

  it('takes the emission time, and then the order’s, where the event has no time of its own', () => {
    const { timestamp: _, ...untimed } = FILL;
    expect(updateOf({ ...untimed, at: '2022-04-19T17:45:07Z' }).brokerTime).toBe(1650390307000000000n);
    expect(updateOf(untimed).brokerTime).toBe(1650390306000000000n);
  });

  it.each([{ price: null }, { qty: null }, { timestamp: null, order: { ...ORDER, updated_at: null } }])(
    'refuses a fill that cannot be booked: %j',
    (change) => {
      expect(() => updateOf({ ...FILL, ...change })).toThrow(IncompleteExecution);
    },
  );
});
