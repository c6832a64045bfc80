import { describe, expect, it } from 'vitest';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { Order } from '#shared/core/order/order.ts';
import { canceling, CLAIMED_AT, claimed, sampleIntent, sending, told, unknown } from '#tests/order/sample-orders.ts';
import { planSweep } from './sweep.ts';

const stop = sampleIntent(
  { side: 'sell', type: 'stop', positionIntent: 'sell_to_close' },
  { purpose: 'protective-stop' },
);
const flatten = sampleIntent({ side: 'sell', positionIntent: 'sell_to_close' }, { purpose: 'flatten' });
const resting = (order: Order): Order => told(order, { status: 'new' });

const sweep = (orders: readonly Order[], changes: Partial<Parameters<typeof planSweep>[0]> = {}) =>
  planSweep({ orders, cancels: 'risk-increasing', strategyId: null, now: CLAIMED_AT, ...changes });

describe('a sweep', () => {
  it('cancels what may add risk and spares a resting stop', () => {
    const [entry, protection] = [resting(sending()), resting(sending(stop))];
    expect(sweep([entry, protection])).toMatchObject({ cancels: [entry], isSettled: false });
  });

  it('cancels a resting stop as well when all is asked for', () => {
    const [entry, protection] = [resting(sending()), resting(sending(stop))];
    expect(sweep([entry, protection], { cancels: 'all' }).cancels).toEqual([entry, protection]);
  });

  it('is settled once every cancel was asked for', () => {
    const asked = canceling(resting(sending()));
    expect(sweep([asked, resting(sending(stop))])).toMatchObject({ cancels: [], isSettled: true });
    expect(sweep([])).toMatchObject({ isSettled: true });
  });

  it('asks again for a cancel that nothing came of', () => {
    const asked = canceling(resting(sending()));
    expect(sweep([asked], { now: addMs(CLAIMED_AT, 30_001) }).cancels).toEqual([asked]);
  });

  it.each([
    ['sending', sending],
    ['unknown', unknown],
  ])('is not settled while an order is %s: it may still arrive, closing ones too', (_, make) => {
    const [entry, closing] = [canceling(make()), make(stop)];
    expect(sweep([entry])).toMatchObject({ onTheirWay: [entry], isSettled: false });
    expect(sweep([closing])).toMatchObject({ onTheirWay: [closing], cancels: [], isSettled: false });
  });

  it('waits for no order that was only claimed, which proves that nothing was sent', () => {
    expect(sweep([canceling(claimed())])).toMatchObject({ onTheirWay: [], isSettled: true });
  });

  it("leaves a person's flatten alone, and orders of other strategies than the one that is stopped", () => {
    expect(sweep([sending(flatten)], { cancels: 'all' })).toEqual({ cancels: [], onTheirWay: [], isSettled: true });
    const own = sending(sampleIntent({ strategyId: strategyId('other') }));
    expect(sweep([sending(), own], { strategyId: strategyId('other') }).onTheirWay).toEqual([own]);
  });
});
