import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { CANCEL_AGAIN_MS } from '#shared/core/order/cancel.ts';
import { isOpen } from '#shared/core/order/order.ts';
import type { Order, OrderIntent, OrderPurpose, OrderTerms } from '#shared/core/order/order.ts';
import { planResting } from '#shared/core/order/resting-plan.ts';
import {
  canceling,
  claimed,
  CLAIMED_AT,
  sampleIntent,
  sending,
  told,
  units,
  unknown,
} from '#tests/order/sample-orders.ts';

const POLICY = { restingMsMax: 600_000, driftBpMax: 50 };
const SOON = addMs(CLAIMED_AT, 60_000);
const LATE = addMs(CLAIMED_AT, 600_001);

const decided = (
  decision: string,
  terms: Partial<OrderTerms> = {},
  generation = 0,
  purpose: OrderPurpose = 'entry',
): OrderIntent =>
  sampleIntent(terms, { decision: { decisionId: decisionId(decision), generation, slice: 0 }, purpose });

const resting = (intent: OrderIntent, filled = 0): Order =>
  told(sending(intent), { status: filled > 0 ? 'partially_filled' : 'new', cumulativeQuantity: units(filled) });
const canceled = (intent: OrderIntent, filled = 0): Order =>
  told(resting(intent, filled), { status: 'canceled', cumulativeQuantity: units(filled) });

const target = decided('d-1');
const cheaper = decided('d-1', { limitPrice: parsePrice('100') });

describe('a target without an order', () => {
  it('is submitted as it is', () => {
    expect(planResting([], [target], POLICY, SOON)).toEqual({
      actions: [{ kind: 'submit', step: 'submit', intent: target }],
      deferred: [],
    });
  });

  it('waits while an order of ours on the other side of the symbol is open', () => {
    const exit = resting(
      decided('x', { side: 'sell', positionIntent: 'sell_to_close', strategyId: strategyId('other') }, 0, 'exit'),
    );
    expect(planResting([exit], [target], POLICY, SOON)).toEqual({
      actions: [],
      deferred: [{ target, because: 'opposing-order' }],
    });
    const elsewhere = resting(
      decided('x', { side: 'sell', positionIntent: 'sell_to_close', ticker: ticker('MSFT') }, 0, 'exit'),
    );
    expect(planResting([elsewhere], [target], POLICY, SOON).actions).toHaveLength(1);
  });

  it('throws on a target without a number of units', () => {
    const notional = decided('d-1', { size: { kind: 'notional', notional: parseMoney('5') } });
    expect(() => planResting([], [notional], POLICY, SOON)).toThrow('positive number of units');
  });
});

describe('a target whose order rests', () => {
  it('leaves alone what is as it is wanted, within the drift that the policy allows', () => {
    expect(planResting([resting(target)], [target], POLICY, SOON)).toEqual({
      actions: [],
      deferred: [{ target, because: 'working' }],
    });
    const near = decided('d-1', { limitPrice: parsePrice('101.5') });
    expect(planResting([resting(target)], [near], POLICY, SOON).deferred).toEqual([
      { target: near, because: 'working' },
    ]);
  });

  it.each<{ what: string; terms: Partial<OrderTerms> }>([
    { what: 'price', terms: { limitPrice: parsePrice('101.6') } },
    { what: 'type', terms: { type: 'market', limitPrice: null } },
    { what: 'time in force', terms: { timeInForce: 'ioc' } },
    { what: 'size', terms: { size: { kind: 'quantity', quantity: units(19) } } },
    { what: 'stop', terms: { stopPrice: parsePrice('90') } },
    { what: 'intent', terms: { positionIntent: 'buy_to_close' } },
  ])('cancels it, and submits nothing yet, when another $what is wanted', ({ terms }) => {
    const order = resting(target);
    const wanted = decided('d-1', terms);
    const plan = planResting([order], [wanted], POLICY, SOON);
    expect(plan.actions).toMatchObject([
      { kind: 'cancel', step: 'replace-cancel', clientOrderId: order.clientOrderId },
    ]);
    expect(plan.deferred).toEqual([{ target: wanted, because: 'awaiting-end' }]);
  });

  it('waits for the end of a cancel, and asks again only when nothing came of it', () => {
    const waiting = { actions: [], deferred: [{ target: cheaper, because: 'awaiting-end' }] };
    const asked = canceling(resting(target));
    expect(planResting([asked], [cheaper], POLICY, addMs(CLAIMED_AT, CANCEL_AGAIN_MS))).toEqual(waiting);
    expect(planResting([told(sending(target), { status: 'pending_cancel' })], [cheaper], POLICY, LATE)).toEqual(
      waiting,
    );
    const again = planResting([asked], [cheaper], POLICY, addMs(CLAIMED_AT, CANCEL_AGAIN_MS + 1));
    expect(again.actions).toMatchObject([{ step: 'replace-cancel', clientOrderId: asked.clientOrderId }]);
  });

  it('waits for one that is on its way or of unknown fate', () => {
    for (const order of [claimed(target), sending(target), unknown(target)]) {
      expect(planResting([order], [cheaper], POLICY, SOON)).toEqual({
        actions: [],
        deferred: [{ target: cheaper, because: 'in-flight' }],
      });
    }
  });

  it('replaces what has ended with the next generation, for what remains and no more', () => {
    const plan = planResting([canceled(target, 5)], [cheaper], POLICY, SOON);
    expect(plan.actions).toEqual([
      {
        kind: 'submit',
        step: 'replace-submit',
        intent: {
          ...cheaper,
          decision: { ...cheaper.decision, generation: 1 },
          terms: { ...cheaper.terms, size: { kind: 'quantity', quantity: units(15) } },
        },
      },
    ]);
  });

  it('counts what every generation filled', () => {
    const second = decided('d-1', { size: { kind: 'quantity', quantity: units(15) } }, 1);
    const plan = planResting([canceled(target, 5), canceled(second, 4)], [target], POLICY, SOON);
    expect(plan.actions).toMatchObject([
      { step: 'replace-submit', intent: { decision: { generation: 2 }, terms: { size: { quantity: units(11) } } } },
    ]);
    const working = resting(decided('d-1', { size: { kind: 'quantity', quantity: units(11) } }, 2));
    expect(planResting([canceled(target, 5), canceled(second, 4), working], [target], POLICY, SOON).deferred).toEqual([
      { target, because: 'working' },
    ]);
  });

  it('submits nothing when all of it has filled', () => {
    const filled = told(sending(target), { status: 'filled', cumulativeQuantity: units(20) });
    expect(planResting([filled], [target], POLICY, SOON).deferred).toEqual([{ target, because: 'nothing-remains' }]);
  });

  it('cancels what an older decision left resting on the same side before its own is submitted', () => {
    const old = resting(decided('d-0'));
    const plan = planResting([old], [target], POLICY, SOON);
    expect(plan.actions).toMatchObject([{ step: 'replace-cancel', clientOrderId: old.clientOrderId }]);
    expect(plan.deferred).toEqual([{ target, because: 'awaiting-end' }]);
  });
});

describe('slices of one decision', () => {
  it('work side by side', () => {
    const slice = (count: number): OrderIntent => ({ ...target, decision: { ...target.decision, slice: count } });
    const elsewhere = decided('d-4', { ticker: ticker('MSFT') });
    const plan = planResting([resting(slice(0))], [slice(0), slice(1), elsewhere], POLICY, SOON);
    expect(plan.actions).toEqual([slice(1), elsewhere].map((intent) => ({ kind: 'submit', step: 'submit', intent })));
    expect(plan.deferred).toEqual([{ target: slice(0), because: 'working' }]);
  });

  it('stay while an order of an older decision beside them goes', () => {
    const old = resting(decided('d-0'));
    const plan = planResting([old, resting(target)], [target], POLICY, SOON);
    expect(plan.actions).toMatchObject([{ step: 'replace-cancel', clientOrderId: old.clientOrderId }]);
    expect(plan.deferred).toEqual([{ target, because: 'working' }]);
  });
});

describe('stale entries', () => {
  it('go although no target speaks of them, once they have rested too long', () => {
    const order = resting(target);
    expect(planResting([order], [], POLICY, addMs(CLAIMED_AT, 600_000)).actions).toEqual([]);
    expect(planResting([order], [], POLICY, LATE).actions).toMatchObject([{ kind: 'cancel', step: 'stale-cancel' }]);
  });

  it.each(['exit', 'protective-stop', 'flatten', 'manual'] as const)('never touch an order that is a %s', (purpose) => {
    const order = resting(decided('d-9', {}, 0, purpose));
    expect(planResting([order], [], POLICY, LATE).actions).toEqual([]);
  });

  it('come first, then cancels for replacement, then replacements, then what is new', () => {
    const on = (symbol: string, decision: string) => decided(decision, { ticker: ticker(symbol) });
    const orders = [canceled(on('CCC', 'd-3'), 5), resting(on('BBB', 'd-2')), resting(on('AAA', 'd-1'))];
    const other = decided('d-2', { ticker: ticker('BBB'), timeInForce: 'ioc' });
    const plan = planResting(orders, [on('DDD', 'd-4'), on('CCC', 'd-3'), other], POLICY, LATE);
    expect(plan.actions.map((action) => action.step)).toEqual([
      'stale-cancel',
      'replace-cancel',
      'replace-submit',
      'submit',
    ]);
  });
});

describe('cycle after cycle', () => {
  const moods = fc.record({
    limit: fc.integer({ min: 95, max: 105 }),
    fills: fc.integer({ min: 0, max: 6 }),
    ends: fc.boolean(),
    waitMs: fc.integer({ min: 1_000, max: 400_000 }),
  });

  it('never has two orders of a decision open, and never fills more than was wanted', () => {
    fc.assert(
      fc.property(fc.array(moods, { minLength: 1, maxLength: 20 }), (cycles) => {
        const orders = new Map<string, Order>();
        let now = CLAIMED_AT;
        for (const { limit, fills, ends, waitMs } of cycles) {
          now = addMs(now, waitMs);
          const wanted = decided('d-1', { limitPrice: parsePrice(String(limit)) });
          for (const action of planResting([...orders.values()], [wanted], POLICY, now).actions) {
            const made = action.kind === 'submit' ? { ...resting(action.intent), sentAt: now } : null;
            const order = made ?? orders.get(action.kind === 'cancel' ? action.clientOrderId : '');
            if (order !== undefined) orders.set(order.clientOrderId, made ?? canceling(order));
          }
          for (const order of orders.values()) {
            if (!isOpen(order)) continue;
            const filled = Math.min(
              Number((order.filledQuantity + units(fills)) / 10n ** 9n),
              Number(order.reservation.quantity / 10n ** 9n),
            );
            const next = told(order, { status: 'partially_filled', cumulativeQuantity: units(filled) });
            const over = ends && next.cancelRequested !== null;
            orders.set(
              order.clientOrderId,
              over ? told(next, { status: 'canceled', cumulativeQuantity: units(filled) }) : next,
            );
          }
          const all = [...orders.values()];
          expect(all.filter(isOpen).length).toBeLessThanOrEqual(1);
          const possible = all.reduce((sum, order) => sum + order.filledQuantity + order.reserved.quantity, 0n);
          expect(possible).toBeLessThanOrEqual(units(20));
        }
      }),
      { seed: 20_261_121, numRuns: 500 },
    );
  });
});
