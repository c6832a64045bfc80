/** Faults of requests, answers and words. */
import { expect } from 'vitest';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { parsePrice } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import type { SubmitOutcome } from '#shared/ports/broker.ts';
import type { ClaimedOrder } from '#shared/core/order/claimed.ts';
import { type AdapterDesk, RESTING } from './adapter-desk.ts';
import { type FaultCase, until } from './fault-case.ts';

const bookedOrders = (desk: AdapterDesk): number => desk.simulator.ledger().orders.length;

/** Submits into the fault, which strikes once, and expects doubt. */
async function doubtful(desk: AdapterDesk, fault: FaultName): Promise<ClaimedOrder> {
  desk.simulator.faults.set(fault, { count: 1 });
  const order = desk.order(RESTING);
  expect((await desk.broker.submit(order)).kind).toBe('ambiguous');
  return order;
}

/** The order is at the broker, is found there, and cannot be placed a second time. */
async function expectPlacedOnce(desk: AdapterDesk, order: ClaimedOrder): Promise<void> {
  expect(await desk.broker.findByClientId(order.clientOrderId)).toMatchObject({ clientOrderId: order.clientOrderId });
  expect((await desk.broker.submit(order)).kind).toBe('duplicate');
  expect(bookedOrders(desk)).toBe(1);
}

/** The order is not at the broker, and the same one may be sent again. */
async function expectNotPlaced(desk: AdapterDesk, order: ClaimedOrder): Promise<void> {
  expect(bookedOrders(desk)).toBe(0);
  expect(await desk.broker.findByClientId(order.clientOrderId)).toBeNull();
  expect((await desk.broker.submit(order)).kind).toBe('acknowledged');
  expect(bookedOrders(desk)).toBe(1);
}

/** A read gets through although the fault strikes its first try. */
async function expectReadRepeated(desk: AdapterDesk, fault: FaultName): Promise<void> {
  desk.simulator.faults.set(fault, { count: 1, parameters: { route: 'get-clock' } });
  const before = desk.outcomes.length;
  expect((await desk.broker.clock()).at).toBe(desk.now());
  expect(desk.outcomes.length - before).toBe(2);
}

/** Submits through an adapter that gives up before the simulator answers. */
const impatient = (desk: AdapterDesk, order: ClaimedOrder): Promise<SubmitOutcome> =>
  desk.brokerWith({ deadlineMs: 60 }).submit(order);

export const WIRE_FAULT_CASES = {
  'drop-request': {
    answers:
      'submit: `ambiguous`; a look-up finds nothing, which proves nothing; the same id may be sent again. A read is repeated.',
    async prove(desk) {
      await expectNotPlaced(desk, await doubtful(desk, 'drop-request'));
      await expectReadRepeated(desk, 'drop-request');
    },
  },
  'drop-answer': {
    answers: 'submit: `ambiguous`; a look-up finds the order; the same id again is a `duplicate`. A read is repeated.',
    async prove(desk) {
      await expectPlacedOnce(desk, await doubtful(desk, 'drop-answer'));
      await expectReadRepeated(desk, 'drop-answer');
    },
  },
  'error-before': {
    answers: 'submit: `ambiguous`, as a 5xx does not say whether it came before or after. A read is repeated.',
    async prove(desk) {
      await expectNotPlaced(desk, await doubtful(desk, 'error-before'));
      await expectReadRepeated(desk, 'error-before');
    },
  },
  'error-after': {
    answers: 'submit: `ambiguous`, page or JSON; a look-up finds the order; the same id again is a `duplicate`.',
    async prove(desk) {
      await expectPlacedOnce(desk, await doubtful(desk, 'error-after'));
      await expectReadRepeated(desk, 'error-after');
    },
  },
  throttle: {
    answers:
      'submit and cancel: `throttled` with the wait that the broker asks for, or none. A read: a transient fault, not repeated.',
    async prove(desk) {
      const { taken } = await desk.place(RESTING);
      desk.simulator.faults.set('throttle', { parameters: { retryAfterSeconds: 3 } });
      const order = desk.order(RESTING);
      expect(await desk.broker.submit(order)).toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
      expect(await desk.broker.cancel(taken.brokerOrderId)).toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
      const before = desk.outcomes.length;
      await expect(desk.broker.clock()).rejects.toMatchObject({ kind: 'transient', code: 'broker-throttled' });
      expect(desk.outcomes.length - before).toBe(1);
      desk.simulator.faults.set('throttle', { parameters: { retryAfterSeconds: 0 } });
      expect(await desk.broker.submit(order)).toMatchObject({ kind: 'throttled', retryAfterMs: null });
      expect(bookedOrders(desk)).toBe(1);
    },
  },
  'slow-answer': {
    answers: 'submit: `ambiguous` at the deadline; the order is found, and the same id again is a `duplicate`.',
    async prove(desk) {
      desk.simulator.faults.set('slow-answer', { count: 1, parameters: { route: 'submit-order', ms: 300 } });
      const order = desk.order(RESTING);
      expect((await impatient(desk, order)).kind).toBe('ambiguous');
      await until(() => bookedOrders(desk) === 1);
      await expectPlacedOnce(desk, order);
    },
  },
  'late-accept': {
    answers:
      'submit: `ambiguous` at the deadline; a look-up finds nothing at first and the order later, so that a miss is never taken for a no.',
    async prove(desk) {
      desk.simulator.faults.set('late-accept', { count: 1, parameters: { ms: 400 } });
      const order = desk.order(RESTING);
      expect((await impatient(desk, order)).kind).toBe('ambiguous');
      await until(() => bookedOrders(desk) === 1);
      await expectPlacedOnce(desk, order);
    },
  },
  'torn-answer': {
    answers: 'submit: `ambiguous`; the order is found, and the same id again is a `duplicate`. A read is repeated.',
    async prove(desk) {
      await expectPlacedOnce(desk, await doubtful(desk, 'torn-answer'));
      await expectReadRepeated(desk, 'torn-answer');
    },
  },
  'clock-skew': {
    answers: 'the clock is handed on as the broker tells it, for whoever measures the skew.',
    async prove(desk) {
      desk.simulator.faults.set('clock-skew', { parameters: { ms: -7_000 } });
      expect((await desk.broker.clock()).at - desk.now()).toBe(-7_000);
    },
  },
  'account-blocked': {
    answers:
      'the account reads as not tradable, with the flag that says so; a submit is refused as `broker-account-blocked`.',
    async prove(desk) {
      desk.simulator.faults.set('account-blocked');
      const account = await desk.broker.account();
      expect(account.tradable).toBe(false);
      expect(account.restriction).not.toBeNull();
      expect(await desk.broker.submit(desk.order())).toMatchObject({ refusal: { code: 'broker-account-blocked' } });
    },
  },
  'unknown-status': {
    answers: 'the order counts as open, to be looked at again (`open-unrecognised`), with the broker’s word beside it.',
    async prove(desk) {
      desk.simulator.faults.set('unknown-status', { parameters: { status: 'under_the_sofa' } });
      const { taken } = await desk.place(RESTING);
      expect(taken).toMatchObject({ status: 'open-unrecognised', statusText: 'under_the_sofa' });
    },
  },
  'unknown-field': {
    answers: 'ignored.',
    async prove(desk) {
      const { taken } = await desk.place(RESTING);
      const plain = await desk.broker.findById(taken.brokerOrderId);
      desk.simulator.faults.set('unknown-field');
      expect(await desk.broker.findById(taken.brokerOrderId)).toEqual(plain);
    },
  },
  'duplicate-409': {
    answers: 'a `duplicate`, as with 422.',
    async prove(desk) {
      const { sent } = await desk.place(RESTING);
      desk.simulator.faults.set('duplicate-409');
      expect((await desk.broker.submit(sent)).kind).toBe('duplicate');
    },
  },
  'wash-trade-422': {
    answers: '`refused` as `broker-wash-trade`, as with 403.',
    async prove(desk) {
      await desk.place();
      desk.pass(0);
      const selling = { side: 'sell', positionIntent: 'sell_to_close' } as const;
      await desk.place({ ...selling, type: 'limit', limitPrice: parsePrice('900') });
      desk.simulator.faults.set('wash-trade-422');
      expect(await desk.broker.submit(desk.order())).toMatchObject({
        refusal: { code: 'broker-wash-trade', context: { httpStatus: '422' } },
      });
    },
  },
  'older-texts': {
    answers: '`refused` with the same code as in the newer words.',
    async prove(desk) {
      desk.simulator.faults.set('older-texts');
      expect(await desk.broker.submit(desk.order({ ticker: ticker('NOSUCH') }))).toMatchObject({
        refusal: { code: 'broker-instrument-unknown', context: { brokerMessage: 'could not find asset "NOSUCH"' } },
      });
    },
  },
} as const satisfies Partial<Record<FaultName, FaultCase>>;
