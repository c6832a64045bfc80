import { describe, expect, it } from 'vitest';
import { parsePrice, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import { driveExit } from '#shared/core/order/exit-drive.ts';
import type { ExitView } from '#shared/core/order/exit.ts';
import { IN_FLIGHT_MS_MAX } from '#shared/core/order/unknown-fate.ts';
import { refusedByBroker, resend } from '#shared/core/order/sending.ts';
import { opened, view } from '#tests/order/sample-exit.ts';
import { canceling, CLAIMED_AT, HOLDER, sampleIntent, taken, units, unknown } from '#tests/order/sample-orders.ts';

describe('an exit beside an own stop of unknown fate that can no longer arrive', () => {
  const terms = { side: 'sell', positionIntent: 'sell_to_close', type: 'stop', timeInForce: 'gtc' } as const;
  const price = { limitPrice: null, stopPrice: parsePrice('95') };
  const lost = canceling(unknown(sampleIntent({ ...terms, ...price }, { purpose: 'protective-stop' })));
  const later = addMs(lost.sentAt ?? lost.claimedAt, IN_FLIGHT_MS_MAX);
  const read = (quantity: number, available: number, changes: Partial<ExitView> = {}): Partial<ExitView> => ({
    now: later,
    openOrders: [lost],
    brokerPosition: { quantity: units(quantity), available: units(available), readAt: later },
    ...changes,
  });

  it('sells what the broker has available, however long ago its cancel was asked for', () => {
    expect(driveExit(opened(), view(read(10, 10))).action).toMatchObject({
      intent: { terms: { side: 'sell', size: { quantity: units(10) } } },
    });
    expect(driveExit(opened(), view(read(10, 4))).action).toMatchObject({
      intent: { terms: { size: { quantity: units(4) } } },
    });
  });

  it('waits where the broker holds the units, or they may be those of others', () => {
    const waits = { kind: 'wait', for: 'shares-held' };
    expect(driveExit(opened(), view(read(10, 0))).action).toEqual(waits);
    expect(driveExit(opened(), view(read(30, 20, { othersShare: units(20) }))).action).toEqual(waits);
  });

  it('waits while a call of it may be on its way', () => {
    const early = addMs(later, -1);
    const at = read(10, 10, { now: early });
    const seen = { quantity: units(10), available: units(10), readAt: early };
    expect(driveExit(opened(), view({ ...at, brokerPosition: seen })).action.kind).not.toBe('submit');
  });

  it('completes once the share is flat', () => {
    expect(driveExit(opened(), view(read(0, 0, { share: ZERO_QUANTITY }))).action).toEqual({ kind: 'complete' });
  });
});

describe('an exit whose own order of unknown fate the broker refused to take again', () => {
  const step = driveExit(opened(), view());
  if (step.action.kind !== 'submit') throw new Error(`expected a submit, not ${step.action.kind}`);
  const { exit, action } = step;
  const { intent } = action;
  const over = addMs(CLAIMED_AT, IN_FLIGHT_MS_MAX);
  const answered = (code: RefusalCode) =>
    taken(refusedByBroker(taken(resend(unknown(intent), HOLDER, CLAIMED_AT)).order, refusal(code, 'no'), CLAIMED_AT))
      .order;
  const at = (now: typeof over, order = answered('broker-position-intent'), free = 10) =>
    view({
      now,
      current: order,
      openOrders: [order],
      brokerPosition: { quantity: units(10), available: units(free), readAt: now },
    });

  it('looks for it while a call may be on its way, and then has it canceled should it turn up', () => {
    expect(driveExit(exit, at(addMs(over, -1))).action).toMatchObject({ kind: 'submit', intent, attempt: 1 });
    expect(driveExit(exit, at(over))).toMatchObject({
      changed: false,
      action: { kind: 'cancel', orders: [answered('broker-position-intent').clientOrderId] },
    });
  });

  it('goes on with the next generation beside it, for what the broker has available and no more', () => {
    const lost = canceling(answered('broker-insufficient-quantity'));
    expect(driveExit(exit, at(addMs(over, -1), lost)).action).toEqual({ kind: 'wait', for: 'order' });
    for (const free of [10, 4]) {
      expect(driveExit(exit, at(over, lost, free)).action).toMatchObject({
        kind: 'submit',
        intent: { decision: { generation: 1 }, terms: { size: { quantity: units(free) } } },
      });
    }
    expect(driveExit(exit, at(over, lost, 0)).action).toEqual({ kind: 'wait', for: 'shares-held' });
  });

  it('heeds the answer: it backs off, or is blocked where every order would get it', () => {
    expect(driveExit(exit, at(over, canceling(answered('broker-position-intent')))).action).toEqual({
      kind: 'wait',
      for: 'backoff',
    });
    expect(driveExit(exit, at(over, canceling(answered('broker-account-blocked'))))).toMatchObject({
      exit: { phase: 'blocked' },
      alarms: ['exit-blocked'],
    });
  });

  it('is over where the broker holds nothing more', () => {
    const lost = canceling(answered('broker-position-intent'));
    const flat = { quantity: ZERO_QUANTITY, available: ZERO_QUANTITY, readAt: over };
    const seen = view({ now: over, share: ZERO_QUANTITY, current: lost, openOrders: [lost], brokerPosition: flat });
    expect(driveExit(exit, seen).action).toEqual({ kind: 'complete' });
  });
});
