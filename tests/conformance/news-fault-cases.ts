/** Faults of the order stream, and of what becomes of orders and of requests to cancel them. */
import { expect } from 'vitest';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { wholeQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import { type AdapterDesk, type Listening, lookUp, RESTING } from './adapter-desk.ts';
import type { FaultCase } from './fault-case.ts';

const statuses = ({ updates }: Listening): readonly (string | null)[] => updates.map(({ status }) => status);

/** Places an order into the fault and lets what is due be done. */
async function fated(desk: AdapterDesk, fault: FaultName): Promise<BrokerOrder> {
  desk.simulator.faults.set(fault);
  const { taken } = await desk.place();
  desk.pass(0);
  return lookUp(desk, taken.brokerOrderId);
}

/** Asks for the cancellation of an order that the market could fill, under the fault: always answered with 204. */
async function cancelUnder(desk: AdapterDesk, fault: FaultName): Promise<BrokerOrder> {
  desk.simulator.faults.set('never-fill', { count: 1 });
  const { taken } = await desk.place();
  desk.pass(0);
  desk.simulator.faults.set(fault);
  expect(await desk.broker.cancel(taken.brokerOrderId)).toEqual({ kind: 'requested' });
  desk.pass(0);
  return lookUp(desk, taken.brokerOrderId);
}

/** Hears the updates of one order under a fault of the stream. */
async function hear(desk: AdapterDesk, fault: FaultName, event: string, count: number): Promise<Listening> {
  const listening = await desk.listen();
  desk.simulator.faults.set(fault, { parameters: { event } });
  await desk.place();
  desk.pass(0);
  await listening.heard(count);
  return listening;
}

/** The revision that follows the fill of an order under the fault. */
async function revisionOf(desk: AdapterDesk, fault: FaultName): Promise<OrderUpdate | undefined> {
  const listening = await desk.listen();
  await fated(desk, fault);
  await listening.heard(4);
  expect(statuses(listening).slice(0, 3)).toEqual(['pending', 'new', 'filled']);
  expect(listening.updates[3]?.execution?.previousExecutionId).toBe(listening.updates[2]?.execution?.id);
  return listening.updates[3];
}

export const NEWS_FAULT_CASES = {
  'unknown-event': {
    answers: 'the update makes the order one to look at again (`open-unrecognised`), and names the event.',
    async prove(desk) {
      const listening = await hear(desk, 'unknown-event', 'unfolded', 3);
      expect(statuses(listening)).toEqual(['open-unrecognised', 'open-unrecognised', 'filled']);
      expect(listening.updates[0]?.detail).toContain('unfolded');
    },
  },
  'fill-before-answer': {
    answers:
      'the fill is told as soon as it comes; the submit’s answer still says pending. Neither waits for the other.',
    async prove(desk) {
      const listening = await desk.listen();
      desk.simulator.faults.set('fill-before-answer');
      const { taken } = await desk.place();
      expect(taken.status).toBe('pending');
      await listening.heard(3);
      expect(statuses(listening).at(-1)).toBe('filled');
    },
  },
  'stream-duplicate': {
    answers: 'told twice, as it came: whoever settles it must not mind.',
    async prove(desk) {
      const { updates } = await hear(desk, 'stream-duplicate', 'fill', 4);
      expect(updates[3]).toEqual(updates[2]);
    },
  },
  'stream-drop': {
    answers: 'nothing is told, and nothing shows that anything is missing. The order itself tells its filled quantity.',
    async prove(desk) {
      const listening = await hear(desk, 'stream-drop', 'fill', 2);
      expect(statuses(listening)).toEqual(['pending', 'new']);
      const [order] = await desk.broker.listOrders({ status: 'all', limit: 1 });
      expect(order?.filledQuantity).toBe(wholeQuantity(10));
    },
  },
  'stream-reorder': {
    answers: 'told in the order of arrival, with the broker’s time of each.',
    async prove(desk) {
      const listening = await hear(desk, 'stream-reorder', 'new', 3);
      expect(statuses(listening)).toEqual(['pending', 'filled', 'new']);
      const [, filled, late] = listening.updates;
      expect(late?.cumulativeQuantity).toBe(ZERO_QUANTITY);
      expect((late?.brokerTime ?? 0n) <= (filled?.brokerTime ?? 0n)).toBe(true);
    },
  },
  'stream-disconnect': {
    answers: 'the connection ends with its reason; the next one tells nothing of what was lost.',
    async prove(desk) {
      const listening = await hear(desk, 'stream-disconnect', 'fill', 2);
      expect((await listening.connection.ended).reason).toContain('closed the connection');
      const next = await desk.listen();
      await next.connection.close();
      expect([statuses(listening), next.updates]).toEqual([['pending', 'new'], []]);
    },
  },
  'stream-down': {
    answers: 'opening is a transient fault; a connection that was open ends with its reason.',
    async prove(desk) {
      const listening = await desk.listen();
      desk.simulator.faults.set('stream-down');
      await desk.place();
      expect((await listening.connection.ended).reason).toContain('closed the connection');
      await expect(desk.listen()).rejects.toMatchObject({ kind: 'transient', code: 'broker-stream-failed' });
    },
  },
  'async-reject': {
    answers: 'submit: `acknowledged`; the rejection comes as news of the order.',
    async prove(desk) {
      const listening = await desk.listen();
      expect((await fated(desk, 'async-reject')).status).toBe('rejected');
      await listening.heard(2);
      expect(statuses(listening).at(-1)).toBe('rejected');
    },
  },
  'partial-only': {
    answers: 'partially filled, with the quantity so far.',
    async prove(desk) {
      const order = await fated(desk, 'partial-only');
      expect(order.status).toBe('partially_filled');
      expect(order.filledQuantity > 0n && order.filledQuantity < wholeQuantity(10)).toBe(true);
    },
  },
  'never-fill': {
    answers: 'open, with nothing filled.',
    async prove(desk) {
      expect(await fated(desk, 'never-fill')).toMatchObject({ status: 'new', filledQuantity: ZERO_QUANTITY });
    },
  },
  'bust-after-fill': {
    answers: 'an update with the bust and the execution that it undoes; the order says filled with a quantity of 0.',
    async prove(desk) {
      const revision = await revisionOf(desk, 'bust-after-fill');
      expect(revision?.execution).toMatchObject({ kind: 'bust', quantity: wholeQuantity(10) });
      expect(revision).toMatchObject({ status: 'filled', cumulativeQuantity: ZERO_QUANTITY });
    },
  },
  'correct-after-fill': {
    answers: 'an update with the corrected execution and the one that it restates.',
    async prove(desk) {
      const revision = await revisionOf(desk, 'correct-after-fill');
      expect(revision?.execution).toMatchObject({ kind: 'correct', quantity: wholeQuantity(10) });
      expect(revision?.cumulativeQuantity).toBe(wholeQuantity(10));
    },
  },
  'repeat-cancel-accepted': {
    answers: 'cancel: `requested`, though the order is canceled already; without the fault `already-ended`.',
    async prove(desk) {
      const { taken } = await desk.place(RESTING);
      await desk.broker.cancel(taken.brokerOrderId);
      desk.pass(0);
      expect((await desk.broker.cancel(taken.brokerOrderId)).kind).toBe('already-ended');
      desk.simulator.faults.set('repeat-cancel-accepted');
      expect((await desk.broker.cancel(taken.brokerOrderId)).kind).toBe('requested');
    },
  },
  'cancel-then-fill': {
    answers: 'cancel: `requested`; the order tells that it filled.',
    async prove(desk) {
      expect((await cancelUnder(desk, 'cancel-then-fill')).status).toBe('filled');
    },
  },
  'partial-then-cancel': {
    answers: 'cancel: `requested`; the order tells that it is canceled, with what it had filled.',
    async prove(desk) {
      const order = await cancelUnder(desk, 'partial-then-cancel');
      expect(order.status).toBe('canceled');
      expect(order.filledQuantity > 0n && order.filledQuantity < wholeQuantity(10)).toBe(true);
    },
  },
  'stuck-cancel': {
    answers: 'cancel: `requested`; the order stays `pending_cancel`, and a repeat is `requested` again.',
    async prove(desk) {
      const order = await cancelUnder(desk, 'stuck-cancel');
      expect(order.status).toBe('pending_cancel');
      expect((await desk.broker.cancel(order.brokerOrderId)).kind).toBe('requested');
    },
  },
  'cancel-refused': {
    answers: 'cancel: `requested`; the order tells that it is open as before.',
    async prove(desk) {
      const listening = await desk.listen();
      expect((await cancelUnder(desk, 'cancel-refused')).status).toBe('new');
      await listening.heard(4);
      expect(statuses(listening)).toEqual(['pending', 'new', 'pending_cancel', 'new']);
    },
  },
} as const satisfies Partial<Record<FaultName, FaultCase>>;
